import assert from "node:assert/strict";
import { test } from "node:test";
import type { Evaluation, HeadFigures } from "./model-requests.ts";
import { compareVersions } from "./version-comparison.ts";

const figure = (value: number, half = 0.02) => ({ value, low: value - half, high: value + half, n: 120 });
const head = (accuracy: number, slices: Readonly<Record<string, number>>): HeadFigures => ({
  accuracy: figure(accuracy),
  samples: 600,
  slices: Object.entries(slices).map(([slice, value]) => ({ slice, accuracy: figure(value), samples: 50 })),
});
const pair = (difference: ReturnType<typeof figure> | undefined): Pick<Evaluation, "versions" | "difference"> => ({
  versions: [
    { version: "a", heads: { sign: head(0.6, { "class=stop": 0.5, "class=yield": 0.9, "class=gone": 0.1 }) } },
    { version: "b", heads: { sign: head(0.8, { "class=yield": 0.91, "class=stop": 0.8 }), extra: head(0.5, {}) } },
  ],
  difference: difference === undefined ? undefined : { sign: difference },
});

test("a difference is called by its interval, not by its value", () => {
  assert.equal(compareVersions(pair(figure(0.2, 0.05)))[0]?.finding, "better");
  assert.equal(compareVersions(pair(figure(-0.2, 0.05)))[0]?.finding, "worse");
  assert.equal(compareVersions(pair(figure(0.2, 0.3)))[0]?.finding, "unclear");
  assert.equal(compareVersions(pair(undefined))[0]?.finding, "unclear");
});

test("only heads and slices that both versions have are compared, the largest change first", () => {
  const [sign, ...others] = compareVersions(pair(figure(0.2)));
  assert.deepEqual(others, []);
  assert.deepEqual(
    sign?.slices.map(({ slice, finding }) => [slice, finding]),
    [
      ["class=stop", "better"],
      ["class=yield", "unclear"],
    ],
  );
});

test("one version alone has nothing beside it", () => {
  assert.deepEqual(compareVersions({ versions: [{ version: "a", heads: {} }] }), []);
});
