import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openHubStore } from "@fieldloop/cloud-hub/store";
import { runCommand } from "../journeys/command.ts";
import { decidedKinds, type HeldKind, type HeldRows, heldRows, missing } from "../journeys/held-rows.ts";
import { startHubProcess } from "../journeys/hub-process.ts";
import { WorkingFleet } from "../journeys/working-fleet.ts";
import type { Bench, BenchOutcome, BenchResult } from "./bench.ts";

/** `npm run bench -- restore`: what is back after the database folder is lost, and out of a backup made under load. */
export const restoreBench: Bench = {
  name: "restore",
  about: "what is back after the database folder is deleted, from inbox, dump and backup, counted by kind",
  async run({ log }): Promise<BenchOutcome> {
    const fleet = await WorkingFleet.start();
    try {
      log("traffic, labels, enrolments and releases; then the database folder is deleted");
      await fleet.traffic(200);
      await fleet.decide("reader-2", 40);
      const inbox = await loseDatabase(fleet);
      log("a dump, more of all, and the folder is deleted again");
      await dump(fleet.hubDir);
      await fleet.startHub();
      await fleet.traffic(100);
      await fleet.decide("reader-3", 20);
      const both = await loseDatabase(fleet);
      log("a backup while the device streams, restored into an empty folder");
      await fleet.startHub();
      const results = [
        lossResult("restore.inbox", "rows missing after the folder is deleted, back from the inbox alone", inbox),
        lossResult("restore.dump", "rows missing after the folder is deleted, back from a dump and the inbox", both),
        await backupResult(fleet),
      ];
      return { results, skipped: [] };
    } finally {
      await fleet.end();
    }
  },
};

interface Loss {
  readonly before: HeldRows;
  readonly after: HeldRows;
  readonly unreadable: number;
}

/** Leaves the hub stopped. */
async function loseDatabase(fleet: WorkingFleet): Promise<Loss> {
  await fleet.stopHub();
  const { rows: before } = await heldRows(fleet.hubDir);
  await rm(join(fleet.hubDir, "sql"), { recursive: true });
  await fleet.startHub();
  await fleet.stopHub();
  const { rows: after, unreadable } = await heldRows(fleet.hubDir);
  return { before, after, unreadable };
}

async function dump(dataDir: string): Promise<void> {
  const store = await openHubStore({ dataDir, appliers: {} });
  await store.dump();
  await store.close();
}

function lossResult(id: string, what: string, { before, after, unreadable }: Loss): BenchResult {
  const kinds = Object.keys(before) as HeldKind[];
  const value = kinds.reduce((sum, kind) => sum + missing(before[kind], after[kind]), unreadable);
  const n = kinds.reduce((sum, kind) => sum + before[kind].size, 0);
  return { id, what, value, unit: "rows", goal: "0", met: value === 0, n, note: backByKind(before, after, kinds) };
}

function backByKind(before: HeldRows, after: HeldRows, kinds: readonly HeldKind[]): string {
  const back = (kind: HeldKind) => before[kind].size - missing(before[kind], after[kind]);
  return kinds.map((kind) => `${kind} ${back(kind)} of ${before[kind].size}`).join(", ");
}

async function backupResult(fleet: WorkingFleet): Promise<BenchResult> {
  const [file, passphrase] = [join(fleet.root, "hub.backup"), join(fleet.root, "passphrase")];
  const restored = join(fleet.root, "restored");
  await writeFile(passphrase, "a long enough passphrase\n");
  const streaming = fleet.stream();
  await streaming.line();
  const acknowledged: string[] = [];
  for await (const { id } of fleet.client.allSamples({})) acknowledged.push(id);
  const sealed = ["--passphrase-file", passphrase];
  await succeed(["backup", file, "--hub", fleet.hub.url, "--data", fleet.hubDir, ...sealed]);
  await streaming.end("SIGTERM");
  await fleet.stopHub();
  await succeed(["restore", file, "--data", restored, ...sealed]);

  const again = await startHubProcess(restored);
  const found = new Set<string>();
  for await (const { id } of again.client.allSamples({})) found.add(id);
  await again.command.end("SIGTERM");
  const { rows: before } = await heldRows(fleet.hubDir);
  const { rows: after, unreadable } = await heldRows(restored);
  const lostSamples = acknowledged.filter((id) => !found.has(id)).length;
  const value = decidedKinds.reduce((sum, kind) => sum + missing(before[kind], after[kind]), lostSamples + unreadable);
  const n = decidedKinds.reduce((sum, kind) => sum + before[kind].size, acknowledged.length);
  const samples = `samples ${acknowledged.length - lostSamples} of ${acknowledged.length} acknowledged before it`;
  return {
    id: "restore.backup",
    what: "rows missing from a backup that was made while the device streamed",
    value,
    unit: "rows",
    goal: "0",
    met: value === 0,
    n,
    note: `${samples}, ${backByKind(before, after, decidedKinds)}`,
  };
}

async function succeed(args: readonly string[]): Promise<void> {
  const { code, err } = await runCommand("fieldloop", args);
  if (code !== 0) throw new Error(`fieldloop ${args[0]} ended with ${code}: ${err}`);
}
