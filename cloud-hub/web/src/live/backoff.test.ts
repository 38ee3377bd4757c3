import assert from "node:assert/strict";
import { test } from "node:test";
import { waitBeforeAttempt } from "./backoff.ts";

test("attempts of two connections are more than a second apart, whatever chance says", () => {
  for (let failures = 1; failures < 40; failures += 1) {
    for (const random of [0, 0.5, 0.999]) assert.ok(waitBeforeAttempt(failures, random) > 1000);
  }
});

test("attempts thin out, and tabs that fail together come back apart", () => {
  assert.ok(waitBeforeAttempt(6, 0.5) > waitBeforeAttempt(2, 0.5));
  assert.ok(waitBeforeAttempt(60, 0.999) <= 22_500);
  assert.notEqual(waitBeforeAttempt(4, 0.1), waitBeforeAttempt(4, 0.9));
});
