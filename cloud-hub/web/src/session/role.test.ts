import assert from "node:assert/strict";
import { test } from "node:test";
import { includes, whyNot } from "./role.ts";

test("each role includes those before it and nobody has none", () => {
  assert.ok(includes("admin", "operator"));
  assert.ok(includes("labeller", "labeller"));
  assert.ok(!includes("labeller", "operator"));
  assert.ok(!includes(null, "viewer"));
});

test("what is out of reach says why", () => {
  assert.equal(whyNot("operator", "labeller"), undefined);
  assert.equal(whyNot(null, "operator"), "Sign in as an operator to do this.");
  assert.equal(whyNot("labeller", "operator"), "This needs the role operator; you are signed in as labeller.");
});
