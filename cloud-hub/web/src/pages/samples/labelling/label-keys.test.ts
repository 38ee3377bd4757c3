import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeyPress, meaningOf } from "./label-keys.ts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

test("digits choose by rank and letters work in either case", () => {
  assert.deepEqual(meaningOf(press("3")), { kind: "choose", rank: 2 });
  assert.deepEqual(meaningOf(press("U")), { kind: "undo" });
  assert.equal(meaningOf(press("0")), undefined);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(meaningOf(press("t", { ctrlKey: true })), undefined);
  assert.equal(meaningOf(press("ArrowLeft", { altKey: true })), undefined);
});

test("a key that is held down labels once and moves many times", () => {
  assert.equal(meaningOf(press("1", { repeat: true })), undefined);
  assert.equal(meaningOf(press("Enter", { repeat: true })), undefined);
  assert.deepEqual(meaningOf(press("ArrowRight", { repeat: true })), { kind: "move", by: 1 });
});
