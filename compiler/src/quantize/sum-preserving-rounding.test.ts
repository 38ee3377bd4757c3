import assert from "node:assert/strict";
import { test } from "node:test";
import { floatTensor } from "../graph/tensor.ts";
import { seededRandom } from "../statistics/index.ts";
import { roundPreservingSums } from "./sum-preserving-rounding.ts";
import { channelsAlong, joinedChannels, kernelSize } from "./weight-channels.ts";

test("a channel keeps its sum to half a step, its kernels nearly, every weight to one step", () => {
  for (const { scaled, rounded } of channels()) {
    const errors = scaled.map((value, index) => rounded[index]! - value);
    const kernels = Array.from({ length: 16 }, (_, at) => sum(errors.subarray(at * 9, at * 9 + 9)));
    assert.ok(Math.abs(sum(errors)) <= 0.5 + 1e-9);
    assert.ok(kernels.filter((error) => Math.abs(error) > 0.5 + 1e-9).length <= 3, "most kernels keep theirs too");
    assert.ok(Math.max(...errors.map(Math.abs)) < 1 + 1e-9);
  }
});

test("nearest rounding does not keep the sums: the check can fail", () => {
  const worst = channels().map(({ scaled }) => Math.abs(sum(scaled.map((value) => Math.round(value) - value))));
  assert.ok(Math.max(...worst) > 1);
});

test("no integer passes the bound, even where the sum cannot be kept then", () => {
  assert.deepEqual(Array.from(roundPreservingSums(Float64Array.of(63.4, 63.4, 63.4), 1, 63)), [63, 63, 63]);
  assert.deepEqual(Array.from(roundPreservingSums(Float64Array.of(1.4, 1.4, 1.3), 1, 63)), [2, 1, 1]);
});

test("channels along either axis are taken apart and joined again", () => {
  const weight = floatTensor([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.deepEqual(
    channelsAlong(weight, 0).map((each) => Array.from(each)),
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  );
  assert.deepEqual(
    channelsAlong(weight, 1).map((each) => Array.from(each)),
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  );
  for (const axis of [0, 1]) {
    const integers = channelsAlong(weight, axis).map((each) => Int8Array.from(each));
    assert.deepEqual(Array.from(joinedChannels(integers, [2, 3], axis)), [1, 2, 3, 4, 5, 6]);
  }
  assert.equal(kernelSize([8, 4, 3, 3], 0), 9);
  assert.equal(kernelSize([8, 4], 1), 1);
});

function channels() {
  const random = seededRandom(3);
  return Array.from({ length: 8 }, () => {
    const scaled = Float64Array.from({ length: 16 * 9 }, () => (random() - 0.5) * 100);
    return { scaled, rounded: roundPreservingSums(scaled, 9, 63) };
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
