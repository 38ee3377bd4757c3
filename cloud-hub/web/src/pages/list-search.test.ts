import assert from "node:assert/strict";
import { test } from "node:test";
import { matching, nextSort, readListSearch, sorted } from "./list-search.ts";

const rows = [
  { name: "reader-10", seen: 5 },
  { name: "reader-2", seen: null },
  { name: "gate-1", seen: 9 },
];
const keys = { name: (row: (typeof rows)[number]) => row.name, seen: (row: (typeof rows)[number]) => row.seen };
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

test("names with numbers are ordered as people count", () => {
  assert.deepEqual(names(sorted(rows, "name", keys)), ["gate-1", "reader-2", "reader-10"]);
});

test("absent values come last both ways", () => {
  assert.equal(sorted(rows, "seen", keys).at(-1)!.name, "reader-2");
  assert.equal(sorted(rows, "-seen", keys).at(-1)!.name, "reader-2");
  assert.equal(sorted(rows, "-seen", keys)[0]!.name, "gate-1");
});

test("an unknown column changes nothing", () => {
  assert.deepEqual(names(sorted(rows, "weather", keys)), names(rows));
});

test("a filter wants every word, whatever its case", () => {
  assert.deepEqual(names(matching(rows, "READER 10", ({ name }) => name)), ["reader-10"]);
  assert.equal(matching(rows, "  ", ({ name }) => name).length, 3);
});

test("a column's head goes up, down, away", () => {
  assert.deepEqual(
    [nextSort(undefined, "seen"), nextSort("seen", "seen"), nextSort("-seen", "seen")],
    ["seen", "-seen", undefined],
  );
});

test("nonsense in an address is left out", () => {
  assert.deepEqual(readListSearch({ text: "", sort: 3, other: "x" }), {});
});
