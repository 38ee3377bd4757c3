import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanSeries } from "./clean-windows.ts";
import type { HealthWindow } from "./facts.ts";
import { windowAt } from "./windows.fixture.ts";

const clean = (windows: readonly HealthWindow[], now = 100_000): readonly HealthWindow[] =>
  cleanSeries([{ device: "a", wave: null, windows }], now)[0]!.windows;

test("windows that make sense pass as they are", () => {
  const windows = [windowAt(5000), windowAt(10_000)];
  assert.deepEqual(clean(windows), windows);
});

test("a window from the future is not believed, whatever clock it came by", () => {
  assert.deepEqual(
    clean([windowAt(5000), windowAt(7_205_000)]).map(({ at }) => at),
    [5000],
  );
});

for (const [what, change] of [
  ["a time that is no number", { at: Number.NaN }],
  ["confidence that is no number", { confidenceSum: Number.NaN }],
  ["squares without end", { confidenceSquares: Number.POSITIVE_INFINITY }],
  ["latency that is no number", { logLatencySum: Number.NaN }],
  ["a negative count of frames", { frames: -1 }],
  ["a negative count of errors", { errors: -1 }],
  ["a class count that is no number", { classCounts: [1, Number.NaN] }],
  ["more bad outcomes than outcomes", { outcomes: 1, badOutcomes: 2 }],
] as const) {
  test(`a window with ${what} is left out and the others stay`, () => {
    const kept = clean([windowAt(5000), windowAt(10_000, change), windowAt(15_000)]);
    assert.deepEqual(
      kept.map(({ at }) => at),
      [5000, 15_000],
    );
  });
}

test("latency below one microsecond has a negative logarithm and is believed", () => {
  assert.equal(clean([windowAt(5000, { logLatencySum: -3 })]).length, 1);
});

test("windows that arrive out of order are put in order", () => {
  assert.deepEqual(
    clean([windowAt(15_000), windowAt(5000), windowAt(10_000)]).map(({ at }) => at),
    [5000, 10_000, 15_000],
  );
});

test("a window that was told twice counts once", () => {
  assert.equal(clean([windowAt(5000), windowAt(5000), windowAt(10_000)]).length, 2);
});

test("the old and the new release may end a window at the same moment", () => {
  assert.equal(clean([windowAt(5000), windowAt(5000, { release: "new" })]).length, 2);
});

test("a device without windows stays a device without windows", () => {
  assert.deepEqual(clean([]), []);
});
