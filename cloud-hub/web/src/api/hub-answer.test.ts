import assert from "node:assert/strict";
import { test } from "node:test";
import { HubAnswerError, isUnreachable, needsSignIn, refusalOf } from "./hub-answer.ts";

test("a refusal keeps the hub's own code and sentence", () => {
  const error = refusalOf(404, JSON.stringify({ code: "not-found", message: "Expected a device, found none." }));
  assert.equal(error.code, "not-found");
  assert.equal(error.message, "Expected a device, found none.");
  assert.equal(error.status, 404);
});

test("a body that is none of a hub's is told as such", () => {
  assert.equal(refusalOf(502, "<html>Bad gateway</html>").code, "not-a-hub");
  assert.equal(refusalOf(500, JSON.stringify({ error: "x" })).code, "not-a-hub");
});

test("only silence counts as unreachable, only 401 asks for a sign-in", () => {
  assert.ok(isUnreachable(new HubAnswerError("unreachable", "nothing answered", 0)));
  assert.ok(!isUnreachable(refusalOf(500, "")));
  assert.ok(needsSignIn(refusalOf(401, "")));
  assert.ok(!needsSignIn(new Error("other")));
});
