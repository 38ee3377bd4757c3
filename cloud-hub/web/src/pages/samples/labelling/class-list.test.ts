import assert from "node:assert/strict";
import { test } from "node:test";
import { rankClasses, searchClasses } from "./class-list.ts";

const many = [
  "stop",
  "yield",
  "no entry",
  "speed 30",
  "speed 50",
  "speed 80",
  "bend left",
  "bend right",
  "ice",
  "road works",
];

test("up to nine classes keep their keys whatever is suggested", () => {
  const few = ["above", "below", "left", "right"];
  assert.deepEqual(rankClasses({ classes: few, suggestion: "right", counts: { left: 9 } }), few);
});

test("of many classes the suggestion is first and the common ones follow", () => {
  const ranked = rankClasses({ classes: many, suggestion: "ice", counts: { "speed 80": 20, yield: 5 } });
  assert.deepEqual(ranked.slice(0, 3), ["ice", "speed 80", "yield"]);
  assert.equal(ranked.length, 9);
  assert.equal(new Set(ranked).size, 9);
});

test("a suggestion that is no class of the head has no key", () => {
  assert.equal(rankClasses({ classes: many, suggestion: "horse", counts: {} }).includes("horse"), false);
});

test("typing finds beginnings first, then words, then letters", () => {
  assert.deepEqual(searchClasses(many, "s").slice(0, 2), ["stop", "speed 30"]);
  assert.deepEqual(searchClasses(many, "30"), ["speed 30"]);
  assert.deepEqual(searchClasses(many, "rw"), ["road works"]);
  assert.deepEqual(searchClasses(many, "left"), ["bend left"]);
  assert.deepEqual(searchClasses(many, "zzz"), []);
});
