import assert from "node:assert/strict";
import { test } from "node:test";
import * as door from "./index.ts";

test("the door offers exactly these names", () => {
  assert.deepEqual(Object.keys(door).sort(), [
    "HealthGateSchema",
    "HealthVerdictSchema",
    "RuleVerdictSchema",
    "completeGate",
    "estimateSpread",
    "judgeHealth",
    "ruleNames",
  ]);
});
