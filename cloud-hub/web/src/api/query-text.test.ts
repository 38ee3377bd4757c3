import assert from "node:assert/strict";
import { test } from "node:test";
import { queryText, readQuery } from "./query-text.ts";

test("absent and empty values are left out of a query", () => {
  assert.equal(queryText({ a: "x y", b: undefined, c: null, d: "", e: 0, f: false }), "?a=x+y&e=0&f=false");
  assert.equal(queryText({}), "");
});

test("what was written is read back", () => {
  assert.deepEqual(readQuery(queryText({ text: "näh & fern", sort: "-seen" })), { text: "näh & fern", sort: "-seen" });
});
