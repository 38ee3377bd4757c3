import assert from "node:assert/strict";
import { test } from "node:test";
import { localTimeText, readLocalTime } from "./local-time.ts";

test("a moment survives a field for date and time, to the second", () => {
  const at = Date.UTC(2026, 10, 25, 13, 3, 12);
  assert.equal(readLocalTime(localTimeText(at)), at);
});

test("a half filled field means no moment", () => {
  assert.equal(readLocalTime("2026-11-"), undefined);
  assert.equal(readLocalTime(""), undefined);
});
