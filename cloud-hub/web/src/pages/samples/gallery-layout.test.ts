import assert from "node:assert/strict";
import { test } from "node:test";
import { layOutGallery, moveFocus } from "./gallery-layout.ts";

const sizes = { least: 120, gap: 8, caption: 40 };

test("tiles fill the width exactly", () => {
  for (const width of [358, 768, 1100, 1440, 2560]) {
    const { columns, tileWidth } = layOutGallery(width, sizes);
    assert.ok(Math.abs(columns * tileWidth + (columns - 1) * sizes.gap - width) < 1e-9);
    assert.ok(tileWidth >= sizes.least);
  }
});

test("even a narrow phone shows two columns", () => {
  assert.equal(layOutGallery(200, sizes).columns, 2);
});

test("arrows move in the grid and stop at its edges", () => {
  const grid = { columns: 4, count: 10, rows: 2 };
  assert.equal(moveFocus(5, "ArrowUp", grid), 1);
  assert.equal(moveFocus(1, "ArrowUp", grid), 1);
  assert.equal(moveFocus(5, "ArrowDown", grid), 9);
  assert.equal(moveFocus(7, "ArrowDown", grid), 7);
  assert.equal(moveFocus(0, "ArrowLeft", grid), 0);
  assert.equal(moveFocus(9, "ArrowRight", grid), 9);
  assert.equal(moveFocus(1, "PageDown", grid), 9);
  assert.equal(moveFocus(5, "Home", grid), 0);
  assert.equal(moveFocus(5, "End", grid), 9);
  assert.equal(moveFocus(5, "x", grid), undefined);
});
