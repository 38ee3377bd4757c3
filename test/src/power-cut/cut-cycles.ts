import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../crash/kill-cycles.ts";
import { bootGuest, mountPointOf } from "./guest.ts";
import type { Subject } from "./subjects.ts";

/** longestMs: most time from ready to cut */
export interface CutPlan {
  readonly subject: Subject;
  readonly cycles: number;
  readonly seed: number;
  readonly noSync?: boolean;
  readonly longestMs?: number;
  readonly onCycle?: (report: CutReport) => void;
}

/** What the cuts showed. unreadable: cycles after which the checker could not open what was on the disk */
export interface CutReport {
  readonly cycles: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly reused: number;
  readonly unreadable: number;
}

/** Cuts a machine's power while the subject writes, boots it again, and lays what is there beside what was acknowledged. */
export async function cutCycles(plan: CutPlan): Promise<CutReport> {
  const { subject, cycles, seed, noSync = false, longestMs = 1500, onCycle } = plan;
  const workDir = mkdtempSync(join(tmpdir(), "fieldloop-cut-"));
  const random = seededRandom(seed);
  let report: CutReport = { cycles: 0, acknowledged: 0, lost: 0, reused: 0, unreadable: 0 };
  let wanted = new Map<string, string>();
  try {
    const image = makeImage(workDir);
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      const acknowledged = await write(workDir, image, subject, cycle, noSync, random() * longestMs);
      const reused = acknowledged.filter(([name, digest]) => wanted.has(name) && wanted.get(name) !== digest).length;
      for (const [name, digest] of acknowledged) wanted.set(name, digest);
      const held = await check(workDir, image, subject);
      const lost = [...wanted].filter(([name, digest]) => held?.get(name) !== digest).map(([name]) => name);
      report = {
        cycles: cycle,
        acknowledged: report.acknowledged + acknowledged.length,
        lost: report.lost + lost.length,
        reused: report.reused + reused,
        unreadable: report.unreadable + (held === undefined ? 1 : 0),
      };
      onCycle?.(report);
      for (const name of lost) wanted.delete(name);
      if (held === undefined) {
        makeImage(workDir);
        wanted = new Map();
      }
    }
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
  return report;
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
  { writer }: Subject,
  cycle: number,
  noSync: boolean,
  untilCutMs: number,
): Promise<(readonly [string, string])[]> {
  const start = ["--start", String(cycle * 1_000_000)];
  const guest = await bootGuest(workDir, image, [...node(writer, workDir), ...start, ...(noSync ? ["--no-sync"] : [])]);
  try {
    await guest.line((line) => line === "ready");
    await delay(untilCutMs);
  } finally {
    await guest.cut();
  }
  return named(guest.lines, "ack");
}

/** What the disk holds after the cut, or undefined where the checker failed on it. */
async function check(workDir: string, image: string, { checker }: Subject): Promise<Map<string, string> | undefined> {
  const guest = await bootGuest(workDir, image, node(checker, workDir));
  try {
    const ended = await guest.line((line) => line.startsWith("ended with "));
    if (ended !== "ended with 0") return undefined;
    await guest.line((line) => line === "disk unmounted");
    return new Map(named(guest.lines, "held"));
  } finally {
    await guest.cut();
  }
}

function node(script: string, workDir: string): string[] {
  return [process.execPath, "--conditions=fieldloop", script, "--dir", join(mountPointOf(workDir), "subject")];
}

function named(lines: readonly string[], word: string): (readonly [string, string])[] {
  return lines
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => {
      const words = line.split(" ");
      return [words.slice(1, -1).join(" "), words.at(-1)!] as const;
    });
}
