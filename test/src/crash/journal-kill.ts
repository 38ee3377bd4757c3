import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accountOf } from "./journal-subject.ts";
import { killCycles, type Victim } from "./kill-cycles.ts";
import { Ledger } from "./ledger.ts";

const writer = fileURLToPath(new URL("./append-forever.ts", import.meta.url));

/** What a run of kills showed in all. evicted: acknowledged records that were released or told as evicted */
export interface KillReport {
  readonly cycles: number;
  readonly acknowledged: number;
  readonly evicted: number;
  readonly lost: number;
  readonly reused: number;
}

/** Kills a process that appends to a journal, `cycles` times on the same folder; every acknowledged record must be accounted for. */
export async function killJournal(cycles: number, seed: number): Promise<KillReport> {
  const dir = mkdtempSync(join(tmpdir(), "fieldloop-kill-"));
  const ledger = new Ledger();
  let printed: string[] = [];
  try {
    await killCycles({
      cycles,
      seed,
      start: (cycle) => {
        printed = [];
        return startWriter(dir, cycle, printed);
      },
      check: async () => {
        ledger.acknowledge(printed);
        ledger.settle(await accountOf(dir));
      },
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const { acknowledged, evicted, lost, reused } = ledger;
  return { cycles, acknowledged, evicted, lost, reused };
}

function startWriter(dir: string, cycle: number, printed: string[]): Victim {
  const start = ["--start", String(cycle * 1_000_000)];
  const child = spawn(process.execPath, ["--conditions=fieldloop", writer, "--dir", dir, ...start], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      if (lines[0] === "ready") resolve();
      printed.push(...lines);
    });
  });
  return { process: child, ready };
}
