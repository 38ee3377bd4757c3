import assert from "node:assert/strict";
import { test } from "node:test";
import { queryWords, sliceWords } from "./query-words.ts";

test("the samples of an evaluation are told in words", () => {
  assert.equal(queryWords({ source: "device", audit: true }, String), "labelled samples from devices, audited");
  assert.equal(queryWords({}, String), "every labelled sample");
});

test("a slice is split at its first equals sign", () => {
  assert.deepEqual(sliceWords("class=a=b"), { group: "class", name: "a=b" });
  assert.deepEqual(sliceWords("rest"), { group: "", name: "rest" });
});
