import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LaneIntake, mostAhead } from "./lane-intake.ts";

const digest = (seq: number) => `d${seq}`;

test("stores each record once, whatever the order and however often it comes", () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 60 })
        .chain((last) => fc.tuple(fc.constant(last), fc.array(fc.integer({ min: 1, max: last }), { maxLength: 200 }))),
      ([last, order]) => {
        const intake = new LaneIntake(0, new Map());
        const stored: number[] = [];
        for (const seq of [...order, ...Array.from({ length: last }, (_, index) => index + 1)]) {
          if (intake.offer(seq, digest(seq)) !== "new") continue;
          stored.push(seq);
          intake.accept(seq, digest(seq));
        }
        assert.deepEqual(new Set(stored).size, stored.length);
        assert.equal(stored.length, last);
        assert.equal(intake.upTo, last);
      },
    ),
    { seed: 7, numRuns: 200 },
  );
});

test("keeps at most 1,024 records ahead and drops more, but always takes the next one", () => {
  const intake = new LaneIntake(0, new Map());
  for (let seq = 2; seq < 2 + mostAhead; seq += 1) intake.accept(seq, digest(seq));
  assert.equal(intake.offer(2000, digest(2000)), "too-far");
  assert.equal(intake.offer(1, digest(1)), "new");
  intake.accept(1, digest(1));
  assert.equal(intake.upTo, 1 + mostAhead);
  assert.equal(intake.offer(2000, digest(2000)), "new");
});

test("closes holes by gaps, also such as were told before the records around them came", () => {
  const intake = new LaneIntake(0, new Map([[6, digest(6)]]));
  intake.close(3, 5);
  assert.equal(intake.upTo, 0);
  for (const seq of [1, 2]) intake.accept(seq, digest(seq));
  assert.equal(intake.upTo, 6);
  assert.equal(intake.offer(4, digest(4)), "covered");
});

test("tells a repeat from another record under the same number", () => {
  const intake = new LaneIntake(3, new Map([[2, digest(2)]]));
  assert.equal(intake.offer(2, digest(2)), "repeat");
  assert.equal(intake.offer(2, "other"), "differs");
});
