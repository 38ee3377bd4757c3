import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../errors.ts";
import { ruleNames } from "./facts.ts";
import { completeGate } from "./gate.ts";

const refused = (gate: unknown, words: RegExp) =>
  assert.throws(
    () => completeGate(gate),
    (error) => error instanceof HubError && error.code === "bad-request" && words.test(error.message),
  );

test("an empty gate is complete", () => {
  const gate = completeGate({});
  assert.deepEqual(gate, completeGate());
  assert.equal(gate.alpha, 0.01);
  assert.deepEqual(Object.keys(gate.rules).sort(), [...ruleNames].sort());
});

test("every rule can be decided: health lies above harm's limit", () => {
  for (const limits of Object.values(completeGate().rules)) assert.ok(limits.healthyBelow > limits.harmAbove);
});

test("one limit of one rule may be given alone", () => {
  const gate = completeGate({ soakMs: 600_000, rules: { errors: { harmAbove: 0.01 } } });
  assert.deepEqual(gate.rules.errors, { enabled: true, harmAbove: 0.01, healthyBelow: 0.05 });
  assert.deepEqual(gate.rules.mix, completeGate().rules.mix);
  assert.equal(gate.soakMs, 600_000);
});

test("a complete gate stays as it is", () => {
  const gate = completeGate({ rules: { drops: { enabled: false } } });
  assert.deepEqual(completeGate(gate), gate);
});

test("what no gate has is refused with its name", () => {
  refused({ rules: { mood: {} } }, /rules/);
  refused({ alfa: 0.01 }, /Expected a health gate/);
});

test("every problem is told at once", () => {
  refused({ alpha: 2, rules: { errors: { harmAbove: "a lot" } } }, /alpha.*errors|errors.*alpha/);
});

test("limits that leave nothing to decide are refused", () => {
  refused({ rules: { mix: { harmAbove: 0.6, healthyBelow: 0.2 } } }, /mix has healthyBelow at or under harmAbove/);
});

test("what is no object is refused", () => {
  refused("strict", /Expected a health gate/);
  refused(null, /Expected a health gate/);
  refused({ rules: null }, /Expected a health gate/);
});
