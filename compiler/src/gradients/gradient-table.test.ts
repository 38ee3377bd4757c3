import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gradientRules } from "./derive-gradients.ts";

const file = new URL("../../README.md", import.meta.url);
const table = /(<!-- gradients:[^>]*-->\n)[^<]*(<!-- end -->)/;
const lineLength = 130;

test("the README names every operator that has a gradient, as the code has them", () => {
  const before = readFileSync(file, "utf8");
  assert.match(before, table);
  const after = before.replace(table, `$1${wrapped(`${Object.keys(gradientRules).sort().join(", ")}.`)}\n$2`);
  if (process.env.UPDATE_TABLES === "1") writeFileSync(file, after);
  assert.equal(after, readFileSync(file, "utf8"));
});

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= lineLength) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}
