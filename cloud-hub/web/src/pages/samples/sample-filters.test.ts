import assert from "node:assert/strict";
import { test } from "node:test";
import {
  activeFilters,
  readFilters,
  type SampleFilters,
  toQuery,
  withoutFilter,
  writeFilters,
} from "./sample-filters.ts";

const everything: SampleFilters = {
  source: "device",
  device: "cam-1",
  release: `sha256:${"a".repeat(64)}`,
  class: "stop",
  labelClass: "30",
  labelled: false,
  unsure: true,
  author: "ada",
  reason: "uncertainty",
  confidenceAbove: 0.2,
  confidenceBelow: 0.6,
  audit: true,
  split: "val",
  set: "old",
  track: "track 7",
  from: Date.UTC(2026, 10, 25, 2),
  to: Date.UTC(2026, 10, 25, 3),
  snapshot: "d_1",
  ids: "s_1,s_2",
  similarTo: "s_0123456789abcdef0123",
};

test("filters come back from an address as they were", () => {
  const { filters, notes } = readFilters(writeFilters(everything));
  assert.deepEqual(filters, everything);
  assert.deepEqual(notes, []);
});

test("times stand in the address as people write them", () => {
  assert.equal(writeFilters(everything).from, "2026-11-25T02:00:00.000Z");
});

test("a value that makes no sense is ignored with a sentence", () => {
  const { filters, notes } = readFilters({
    device: "Cam One!",
    confidenceAbove: "lots",
    audit: "maybe",
    class: "stop",
  });
  assert.deepEqual(filters, { class: "stop" });
  assert.equal(notes.length, 3);
  assert.match(notes[0]!, /device=Cam One!; expected the name of a device, so it is ignored/);
});

test("a range that leaves nothing between its ends is ignored as a whole", () => {
  const { filters, notes } = readFilters({ confidenceAbove: 0.9, confidenceBelow: 0.1, from: 10, to: 5 });
  assert.deepEqual(filters, {});
  assert.equal(notes.length, 2);
});

test("names that the page does not know are left alone", () => {
  assert.deepEqual(readFilters({ theme: "dark", device: "" }), { filters: {}, notes: [] });
});

test("a class that looks like a number stays a word", () => {
  assert.equal(readFilters({ class: 30 }).filters.class, "30");
});

test("the hub's query has no similarity in it", () => {
  assert.equal("similarTo" in toQuery(everything), false);
  assert.equal(toQuery(everything).from, everything.from);
});

test("one filter can be taken off", () => {
  const rest = withoutFilter({ class: "stop", device: "cam-1" }, "class");
  assert.deepEqual(rest, { device: "cam-1" });
  assert.deepEqual(activeFilters(rest), ["device"]);
});
