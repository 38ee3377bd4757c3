import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";

const room = new URL("../", import.meta.url);
const { exports: doors } = JSON.parse(readFileSync(new URL("package.json", room), "utf8")) as {
  exports: Record<string, { fieldloop: string }>;
};

test("each door offers exactly the names that are written down", async () => {
  const lines: string[] = [];
  for (const [door, { fieldloop }] of Object.entries(doors)) {
    const names = Object.keys((await import(new URL(fieldloop, room).href)) as object).sort();
    lines.push(`${door}`, ...names.map((name) => `  ${name}`));
  }
  const text = `${lines.join("\n")}\n`;
  const file = new URL("exports.txt", room);
  if (process.env.UPDATE_EXPORTS === "1") writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
});
