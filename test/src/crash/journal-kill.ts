import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judge, type Verdict } from "./journal-subject.ts";
import { killCycles, type Victim } from "./kill-cycles.ts";

const writer = fileURLToPath(new URL("./append-forever.ts", import.meta.url));

/** What a run of kills showed in all. */
export interface KillReport {
  readonly cycles: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly reused: number;
}

/** Kills a process that appends to a journal, `cycles` times on the same folder; every acknowledged record must still be there. */
export async function killJournal(cycles: number, seed: number): Promise<KillReport> {
  const dir = mkdtempSync(join(tmpdir(), "fieldloop-kill-"));
  const acknowledged: string[] = [];
  let verdict: Verdict = { acknowledged: 0, found: 0, lost: [], reused: [] };
  try {
    await killCycles({
      cycles,
      seed,
      start: (cycle) => startWriter(dir, cycle, acknowledged),
      check: async () => {
        verdict = await judge(dir, acknowledged);
      },
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return { cycles, acknowledged: verdict.acknowledged, lost: verdict.lost.length, reused: verdict.reused.length };
}

function startWriter(dir: string, cycle: number, acknowledged: string[]): Victim {
  const child = spawn(
    process.execPath,
    ["--conditions=fieldloop", writer, "--dir", dir, "--start", String(cycle * 1_000_000)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let rest = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      if (lines[0] === "ready") resolve();
      acknowledged.push(...lines.filter((line) => line !== "ready"));
    });
  });
  return { process: child, ready };
}
