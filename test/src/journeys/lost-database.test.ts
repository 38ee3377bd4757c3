import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type HeldKind, heldRows, missing } from "./held-rows.ts";
import { WorkingFleet } from "./working-fleet.ts";

test("everything that was acknowledged is back after the database folder is lost, and the device goes on", async () => {
  const fleet = await WorkingFleet.start();
  try {
    await fleet.traffic(40);
    await fleet.decide("reader-2", 10);
    await fleet.stopHub();
    const before = await heldRows(fleet.hubDir);
    for (const kind of ["samples", "predictions", "labels", "enrolments", "releases"] as const)
      assert.ok(before.rows[kind].size > 0, `there are no ${kind} to lose`);

    await rm(join(fleet.hubDir, "sql"), { recursive: true });
    await fleet.startHub();
    await fleet.traffic(1);
    await fleet.stopHub();
    const after = await heldRows(fleet.hubDir);
    for (const [kind, rows] of Object.entries(before.rows)) {
      if (kind === "cursors") continue; // the device has gone on since
      assert.equal(missing(rows, after.rows[kind as HeldKind]), 0, `${kind} of ${rows.size}`);
    }
    assert.equal(after.unreadable, 0);
    assert.ok(after.rows.samples.size > before.rows.samples.size);
  } finally {
    await fleet.end();
  }
});
