import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../errors.ts";
import { parseQuery } from "./query-text.ts";

test("a query's words become values of their kind", () => {
  assert.deepEqual(parseQuery("source=device, audit=true,confidenceBelow=0.6,from=1700000000000"), {
    source: "device",
    audit: true,
    confidenceBelow: 0.6,
    from: 1_700_000_000_000,
  });
  assert.deepEqual(parseQuery(""), {});
});

test("an unknown word is refused with the words there are", () => {
  assert.throws(
    () => parseQuery("colour=red"),
    (error) => error instanceof HubError && /confidenceBelow/.test(error.message),
  );
});
