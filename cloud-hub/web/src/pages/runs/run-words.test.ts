import assert from "node:assert/strict";
import { test } from "node:test";
import { recipeLines, tookMs } from "./run-words.ts";

test("a run that has begun takes time until it has finished", () => {
  assert.equal(tookMs({ startedAt: null, finishedAt: null }, 100), undefined);
  assert.equal(tookMs({ startedAt: 40, finishedAt: null }, 100), 60);
  assert.equal(tookMs({ startedAt: 40, finishedAt: 70 }, 100), 30);
});

test("a recipe is told line by line, heads by their classes' number", () => {
  const heads = [{ name: "sign", classes: ["stop", "yield"] }];
  assert.deepEqual(recipeLines({ steps: 800, channels: [16, 32], heads, light: true }), [
    ["steps", "800"],
    ["channels", "16, 32"],
    ["heads", "sign (2 classes)"],
    ["light", "true"],
  ]);
});
