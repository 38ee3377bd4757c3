import assert from "node:assert/strict";
import { test } from "node:test";
import { extendTo, noSelection, toggle } from "./selection.ts";

const idAt = (index: number) => (index < 10 ? `s_${index}` : undefined);

test("a tile is chosen and let go", () => {
  const one = toggle(noSelection, "s_3", 3);
  assert.deepEqual([...one.ids], ["s_3"]);
  assert.deepEqual([...toggle(one, "s_3", 3).ids], []);
});

test("a stretch runs from where it began, in either direction, over what is at hand", () => {
  const begun = toggle(noSelection, "s_8", 8);
  assert.deepEqual([...extendTo(begun, 6, idAt).ids].sort(), ["s_6", "s_7", "s_8"]);
  assert.deepEqual([...extendTo(begun, 12, idAt).ids].sort(), ["s_8", "s_9"]);
});
