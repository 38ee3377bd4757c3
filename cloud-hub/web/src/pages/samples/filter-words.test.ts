import assert from "node:assert/strict";
import { test } from "node:test";
import { filterWords, relaxationsOf } from "./filter-words.ts";
import { activeFilters, type SampleFilters } from "./sample-filters.ts";

const moment = (at: number) => `t${at}`;

test("a filter is told in words", () => {
  const filters: SampleFilters = { device: "cam-1", confidenceBelow: 0.625, labelled: false, from: 7 };
  assert.deepEqual(
    activeFilters(filters).map((name) => filterWords(filters, name, moment)),
    ["device cam-1", "waiting for a label", "confidence below 62.5 %", "since t7"],
  );
});

test("each filter may be to blame, a range as a whole", () => {
  const relaxed = relaxationsOf({ device: "cam-1", from: 1, to: 2, confidenceAbove: 0.5 });
  assert.deepEqual(
    relaxed.map(({ names }) => names.join("+")),
    ["device", "from+to", "confidenceAbove"],
  );
  assert.deepEqual(relaxed[1]?.filters, { device: "cam-1", confidenceAbove: 0.5 });
});

test("without filters there is nothing to loosen", () => {
  assert.deepEqual(relaxationsOf({}), []);
});
