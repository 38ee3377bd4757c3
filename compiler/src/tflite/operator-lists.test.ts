import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { writtenOperators } from "./export/export-tflite.ts";
import { readOperators } from "./import/import-tflite.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

test("the README lists exactly the operators that are read and written", () => {
  assert.deepEqual(listed("Read"), readOperators);
  assert.deepEqual(listed("Written"), writtenOperators);
});

/** The names behind a word and a colon, up to the full stop or semicolon. */
function listed(word: string): string[] {
  const text = new RegExp(`^${word}: ([^.;]+)[.;]`, "m").exec(readme)?.[1] ?? "";
  return text.split(/,\s+/);
}
