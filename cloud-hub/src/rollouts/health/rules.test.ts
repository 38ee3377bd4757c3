import assert from "node:assert/strict";
import { test } from "node:test";
import { ruleNames } from "./facts.ts";
import { completeGate } from "./gate.ts";
import { healthRules } from "./rules.ts";

test("every name has one rule, in the order in which they are told", () => {
  assert.deepEqual(
    healthRules.map(({ name }) => name),
    [...ruleNames],
  );
});

test("every rule states a prior that leaves doubt", () => {
  for (const { prior, name } of healthRules) {
    assert.ok(prior.value > 0 && prior.alone >= prior.value && prior.design >= 1, name);
  }
});

test("no device's own change by the prior alone proves harm", () => {
  const { rules } = completeGate();
  for (const { name, prior, toInner } of healthRules) {
    const limits = rules[name];
    assert.ok(toInner(limits.harmAbove) < toInner(limits.healthyBelow), name);
    assert.ok(prior.value < toInner(limits.healthyBelow), name);
  }
});
