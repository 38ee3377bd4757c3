import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../statistics/index.ts";
import { fixedPointOf, scaled } from "./fixed-point.ts";

test("a real becomes a multiplier in [2^30, 2^31) and a shift that give it back", () => {
  const random = seededRandom("reals");
  for (let trial = 0; trial < 2000; trial += 1) {
    const real = 2 ** (40 * random() - 30) * (1 + random());
    const { multiplier, shift } = fixedPointOf(real);
    assert.ok(multiplier >= 2 ** 30 && multiplier < 2 ** 31, `${real}`);
    assert.ok(Math.abs((multiplier * 2 ** (shift - 31)) / real - 1) < 1e-9, `${real}`);
  }
  assert.deepEqual(fixedPointOf(1), { multiplier: 2 ** 30, shift: 1 });
  assert.deepEqual(fixedPointOf(1 - 2 ** -40), { multiplier: 2 ** 30, shift: 1 });
  assert.deepEqual(fixedPointOf(2 ** -40), { multiplier: 0, shift: 0 });
  assert.deepEqual(fixedPointOf(0), { multiplier: 0, shift: 0 });
});

test("scaling gives the integers that 64-bit arithmetic gives", () => {
  const random = seededRandom("scaling");
  for (let trial = 0; trial < 20_000; trial += 1) {
    const fixed = fixedPointOf(2 ** (24 * random() - 20) * (1 + random()));
    const room = 2 ** (31 - Math.max(0, fixed.shift));
    const value = Math.trunc((2 * random() - 1) * room * random());
    assert.equal(scaled(value, fixed) + 0, wide(value, fixed), `${value} · ${JSON.stringify(fixed)}`);
  }
  assert.deepEqual(
    [3, -3, 1, -1].map((value) => scaled(value, fixedPointOf(0.5)) + 0),
    [2, -1, 1, 0],
  );
});

function wide(value: number, { multiplier, shift }: { multiplier: number; shift: number }): number {
  const product = BigInt(value) * BigInt(multiplier) * 2n ** BigInt(Math.max(0, shift));
  const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n;
  const high = (product + nudge) / 2n ** 31n;
  const right = BigInt(Math.max(0, -shift));
  const magnitude = ((high < 0n ? -high : high) + 2n ** right / 2n) / 2n ** right;
  return Number(high < 0n ? -magnitude : magnitude);
}
