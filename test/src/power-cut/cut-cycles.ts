import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../crash/kill-cycles.ts";
import { Ledger } from "../crash/ledger.ts";
import { mountPointOf } from "./guest.ts";
import { machines, type Subject } from "./subjects.ts";

/** longestMs: most time from ready to cut */
export interface CutPlan {
  readonly subject: Subject;
  readonly cycles: number;
  readonly seed: number;
  readonly noSync?: boolean;
  readonly longestMs?: number;
  readonly onCycle?: (report: CutReport) => void;
}

/**
 * What the cuts showed. evicted: acknowledged records given up on purpose and told · unreadable: cycles after which the checker
 * could not open what was on the disk
 */
export interface CutReport {
  readonly cycles: number;
  readonly acknowledged: number;
  readonly evicted: number;
  readonly lost: number;
  readonly reused: number;
  readonly unreadable: number;
}

/** Cuts a machine's power while the subject writes, boots it again, and lays what is there beside what was acknowledged. */
export async function cutCycles(plan: CutPlan): Promise<CutReport> {
  const { subject, cycles, seed, noSync = false, longestMs = plan.subject.longestMs, onCycle } = plan;
  const workDir = mkdtempSync(join(tmpdir(), "fieldloop-cut-"));
  const random = seededRandom(seed);
  const ledger = new Ledger();
  let unreadable = 0;
  const clean = () => rmSync(workDir, { recursive: true, force: true });
  process.once("exit", clean);
  try {
    const image = makeImage(workDir);
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      ledger.acknowledge(await write(workDir, image, subject, cycle, noSync, random() * longestMs));
      const account = await check(workDir, image, subject);
      ledger.settle(account ?? []);
      if (account === undefined) {
        unreadable += 1;
        makeImage(workDir);
        ledger.forget();
      }
      onCycle?.(report(cycle, ledger, unreadable));
    }
  } finally {
    process.off("exit", clean);
    clean();
  }
  return report(cycles, ledger, unreadable);
}

function report(cycles: number, { acknowledged, evicted, lost, reused }: Ledger, unreadable: number): CutReport {
  return { cycles, acknowledged, evicted, lost, reused, unreadable };
}

function makeImage(workDir: string): string {
  const image = join(workDir, "disk.img");
  writeFileSync(image, "");
  truncateSync(image, 512 * 1024 * 1024);
  execFileSync("/usr/sbin/mke2fs", ["-q", "-F", "-t", "ext4", image]);
  return image;
}

async function write(
  workDir: string,
  image: string,
  { writer, machine }: Subject,
  cycle: number,
  noSync: boolean,
  untilCutMs: number,
): Promise<readonly string[]> {
  const start = ["--start", String(cycle * 1_000_000)];
  const guest = await machines[machine].boot(workDir, image, [
    ...node(writer, workDir),
    ...start,
    ...(noSync ? ["--no-sync"] : []),
  ]);
  try {
    await guest.line((line) => line === "ready");
    await delay(untilCutMs);
  } finally {
    await guest.cut();
  }
  return guest.lines;
}

/** What the disk holds after the cut, or undefined where the checker failed on it. */
async function check(
  workDir: string,
  image: string,
  { checker, machine }: Subject,
): Promise<readonly string[] | undefined> {
  const guest = await machines[machine].boot(workDir, image, node(checker, workDir));
  try {
    const ended = await guest.line((line) => line.startsWith("ended with "));
    if (ended !== "ended with 0") return undefined;
    await guest.line((line) => line === "disk unmounted");
    return guest.lines;
  } finally {
    await guest.cut();
  }
}

function node(script: string, workDir: string): string[] {
  return [process.execPath, "--conditions=fieldloop", script, "--dir", join(mountPointOf(workDir), "subject")];
}
