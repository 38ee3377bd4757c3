import assert from "node:assert/strict";
import { test } from "node:test";
import { recordLetter, withdrawLetter } from "./label-letter.ts";
import type { Act } from "./label-session.ts";

const act: Act = {
  id: "a1",
  question: "s_1",
  key: "s_1",
  position: 0,
  frame: 0,
  subject: { sample: "s_1" },
  verdict: { kind: "class", class: "stop", suggestion: "yield" },
  before: undefined,
};

test("a first answer says that it saw none before it", () => {
  assert.deepEqual(recordLetter(act, "sign"), {
    id: "a1",
    path: "/v1/labels",
    body: { id: "a1", items: [{ sample: "s_1", head: "sign", class: "stop", suggestion: "yield", expect: null }] },
  });
});

test("a changed answer replaces what stands, and unsure has no class", () => {
  const changed = recordLetter(
    { ...act, subject: { track: "t" }, verdict: { kind: "unsure" }, before: act.verdict },
    "sign",
  );
  assert.deepEqual(changed?.body, { id: "a1", items: [{ track: "t", head: "sign", unsure: true }] });
});

test("a skip tells the hub nothing, neither done nor undone", () => {
  const skip: Act = { ...act, verdict: { kind: "skip" } };
  assert.equal(recordLetter(skip, "sign"), undefined);
  assert.equal(withdrawLetter(skip, "u1"), undefined);
});

test("taking back names the row that the answer became", () => {
  assert.deepEqual(withdrawLetter(act, "u1")?.body, { id: "u1", labels: ["label a1 00000"] });
});
