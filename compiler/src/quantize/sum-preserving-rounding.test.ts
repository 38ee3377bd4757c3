import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../statistics/index.ts";
import { roundPreservingSums } from "./sum-preserving-rounding.ts";

test("every channel keeps its sum to half a step, every kernel nearly, every weight to one step", () => {
  const { scaled, rounded } = convolution([8, 16, 3, 3]);
  const errors = scaled.map((value, index) => rounded[index]! - value);
  const sums = (size: number) =>
    Array.from({ length: errors.length / size }, (_, at) => sum(errors.subarray(at * size, at * size + size)));
  assert.ok(Math.max(...sums(16 * 9).map(Math.abs)) <= 0.5 + 1e-9);
  assert.ok(sums(9).filter((error) => Math.abs(error) > 0.5 + 1e-9).length <= 8 * 8, "most kernels keep theirs too");
  assert.ok(Math.max(...errors.map(Math.abs)) < 1 + 1e-9);
});

test("nearest rounding does not keep the sums: the check can fail", () => {
  const { scaled } = convolution([8, 16, 3, 3]);
  const errors = scaled.map((value) => Math.round(value) - value);
  const channelSums = Array.from({ length: 8 }, (_, at) => Math.abs(sum(errors.subarray(at * 144, at * 144 + 144))));
  assert.ok(Math.max(...channelSums) > 1);
});

test("a matrix keeps the sums of its channels along either axis, and no integer passes the bound", () => {
  const random = seededRandom(4);
  const scaled = Float64Array.from({ length: 20 * 30 }, () => (random() - 0.5) * 126);
  const rows = roundPreservingSums(scaled, { shape: [20, 30], axis: 0 }, 63);
  const columns = roundPreservingSums(scaled, { shape: [20, 30], axis: 1 }, 63);
  for (let row = 0; row < 20; row += 1) {
    const error = sum(Float64Array.from({ length: 30 }, (_, at) => rows[row * 30 + at]! - scaled[row * 30 + at]!));
    assert.ok(Math.abs(error) <= 0.5 + 1e-9);
  }
  for (let column = 0; column < 30; column += 1) {
    const error = sum(
      Float64Array.from({ length: 20 }, (_, at) => columns[at * 30 + column]! - scaled[at * 30 + column]!),
    );
    assert.ok(Math.abs(error) <= 0.5 + 1e-9);
  }
  assert.ok([...rows, ...columns].every((value) => Math.abs(value) <= 63));
});

function convolution(shape: readonly [number, number, number, number]) {
  const random = seededRandom(3);
  const scaled = Float64Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    () => (random() - 0.5) * 100,
  );
  return { scaled, rounded: roundPreservingSums(scaled, { shape, axis: 0 }, 63) };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
