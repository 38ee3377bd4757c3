import assert from "node:assert/strict";
import { test } from "node:test";
import { matchKey, type Shortcut, takesText } from "./shortcut.ts";

const shortcut = (keys: string): Shortcut => ({ keys, title: keys, group: "all", run: () => undefined });
const all = [shortcut("g d"), shortcut("g r"), shortcut("/"), shortcut("d")];

test("keys one after the other make a shortcut", () => {
  assert.deepEqual(matchKey(all, "", "g"), { kind: "begun", pressed: "g" });
  assert.equal(matchKey(all, "g", "d").kind, "run");
  assert.equal((matchKey(all, "g", "d") as { shortcut: Shortcut }).shortcut.keys, "g d");
});

test("a key that continues nothing begins anew", () => {
  assert.equal((matchKey(all, "g", "/") as { shortcut: Shortcut }).shortcut.keys, "/");
  assert.deepEqual(matchKey(all, "g", "x"), { kind: "none" });
});

test("of equal keys the one that came last counts", () => {
  const later = shortcut("d");
  assert.deepEqual(matchKey([...all, later], "", "d"), { kind: "run", shortcut: later });
});

test("keys typed into text are text", () => {
  assert.ok(takesText({ tagName: "INPUT", type: "search" }));
  assert.ok(takesText({ tagName: "TEXTAREA" }));
  assert.ok(!takesText({ tagName: "INPUT", type: "checkbox" }));
  assert.ok(!takesText({ tagName: "BUTTON" }));
});
