import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure, FitCard } from "@fieldloop/devices";

/** What the benchmarks read of the demo's `--report`; see the example's `loop-report.ts`. */
export type DemoReport = {
  readonly outcome: "released" | "gate-refused";
  readonly accuracy: Readonly<Record<string, Figure | null>>;
  readonly drift: {
    readonly before: number;
    readonly after: number;
    readonly threshold: number;
    readonly windowsToAlarm: number | null;
  };
  readonly labels: { readonly used: number; readonly audit: number; readonly pool: number };
  readonly variants: readonly FitCard[];
  readonly refusedReleases: readonly { readonly what: string; readonly refused: boolean }[];
  readonly swap: { readonly frames: number; readonly unanswered: number };
  readonly steps: readonly { readonly title: string; readonly seconds: number }[];
};

/** Per-image outcomes of the test sets, as `--units` writes them. */
export type DemoUnits = {
  readonly field: Readonly<Record<"before" | "after" | "uniform" | "allLabels", readonly boolean[] | null>>;
  readonly old: Readonly<Record<"before" | "after", readonly boolean[]>>;
};

/** One run of the demo as a user starts it. exitCode: 0 released and all bad ones refused, 3 the gate refused */
export type DemoRun = {
  readonly exitCode: number;
  readonly report: DemoReport;
  readonly units: DemoUnits;
  readonly seconds: number;
};

const taskset = "/usr/bin/taskset";
const program = fileURLToPath(new URL("../../../examples/road-signs/src/main.ts", import.meta.url));

/**
 * Runs `npm run demo -- --once` with more arguments, and reads what it wrote.
 * log: each line that it prints · core: the one that it may use, so that two runs can stand side by side; all unless given
 */
export async function runDemo(args: readonly string[], log: (line: string) => void, core?: number): Promise<DemoRun> {
  const folder = await mkdtemp(join(tmpdir(), "fieldloop-bench-"));
  try {
    const files = { report: join(folder, "report.json"), units: join(folder, "units.json") };
    const started = performance.now();
    const exitCode = await run([...args, "--once", "--report", files.report, "--units", files.units], log, core);
    const seconds = (performance.now() - started) / 1000;
    if (exitCode !== 0 && exitCode !== 3)
      throw new Error(`Expected the demo to end with 0 or 3, it ended with ${exitCode}; its last lines say why.`);
    const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));
    return {
      exitCode,
      seconds,
      report: (await read(files.report)) as DemoReport,
      units: (await read(files.units)) as DemoUnits,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], log: (line: string) => void, core: number | undefined): Promise<number | null> {
  const pinned = core === undefined || !existsSync(taskset) ? [] : [taskset, "--cpu-list", String(core)];
  const [command = process.execPath, ...rest] = [...pinned, process.execPath, ...process.execArgv, program, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString("utf8").split("\n")) if (line.trim() !== "") log(`    ${line}`);
    });
  }
  return new Promise((resolve) => child.on("exit", resolve));
}
