import assert from "node:assert/strict";
import { test } from "node:test";
import { cutCycles } from "./cut-cycles.ts";
import { whyNoGuest } from "./guest.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";
import { subjects } from "./subjects.ts";

test("keeps every acknowledged record of a journal through a power cut", { skip: whyNoGuest() ?? false }, async () => {
  const report = await cutCycles({ subject: subjects.edge!, cycles: 1, seed: 2, longestMs: 1000 });
  assert.ok(report.acknowledged > 0);
  assert.deepEqual(
    { lost: report.lost, reused: report.reused, unreadable: report.unreadable },
    { lost: 0, reused: 0, unreadable: 0 },
  );
});

test("keeps what a hub acknowledged and decided through a power cut", { skip: whyNoLoopDisk() ?? false }, async () => {
  const report = await cutCycles({ subject: subjects.hub!, cycles: 1, seed: 2, longestMs: 4000 });
  assert.deepEqual(
    { lost: report.lost, reused: report.reused, unreadable: report.unreadable },
    { lost: 0, reused: 0, unreadable: 0 },
  );
});
