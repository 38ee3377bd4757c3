import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import * as room from "./index.ts";

test("offers exactly the names that are written down", () => {
  const file = new URL("../exports.txt", import.meta.url);
  const names = `${Object.keys(room).sort().join("\n")}\n`;
  if (process.env.UPDATE_EXPORTS === "1") writeFileSync(file, names);
  assert.equal(names, readFileSync(file, "utf8"));
});
