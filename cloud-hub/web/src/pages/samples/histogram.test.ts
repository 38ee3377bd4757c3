import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, brushedRange } from "./histogram.ts";

const minute = 60_000;
const histogram = (...series: readonly (readonly number[])[]) => ({
  from: 5 * minute,
  to: 15 * minute,
  bucketMs: minute,
  total: series.flat().reduce((sum, count) => sum + count, 0),
  series: series.map((counts, index) => ({ key: String(index), total: 0, counts })),
});

test("series are added up and no count is lost", () => {
  const bars = barsOf(histogram([4, 0, 1], [0, 0, 7]));
  assert.deepEqual(
    bars.map(({ count }) => count),
    [4, 0, 8],
  );
  assert.deepEqual(
    bars.map(({ height }) => height),
    [0.5, 0, 1],
  );
  assert.deepEqual([bars[1]?.at, bars[1]?.to], [6 * minute, 7 * minute]);
});

test("nothing has no bars and no range", () => {
  assert.deepEqual(barsOf(histogram()), []);
  assert.equal(brushedRange([], 0, 1), undefined);
});

test("a brush takes the whole bars that it touches, from either side", () => {
  const bars = barsOf(histogram(new Array<number>(10).fill(1)));
  assert.deepEqual(brushedRange(bars, 0.21, 0.49), { from: 7 * minute, to: 10 * minute });
  assert.deepEqual(brushedRange(bars, 0.49, 0.21), { from: 7 * minute, to: 10 * minute });
  assert.deepEqual(brushedRange(bars, 0.3, 0.3), { from: 8 * minute, to: 9 * minute });
  assert.deepEqual(brushedRange(bars, -1, 2), { from: 5 * minute, to: 15 * minute });
});
