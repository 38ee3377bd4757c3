import { type CutReport, cutCycles } from "../power-cut/cut-cycles.ts";
import { machines, subjects } from "../power-cut/subjects.ts";
import type { Bench, BenchOptions, BenchOutcome, BenchResult, Skipped } from "./bench.ts";

const controlCycles = 5;

/** `npm run bench -- power-cut`: cuts the power under device and hub; `--only NAME` takes one, `--cycles N` instead of 20. */
export const powerCutBench: Bench = {
  name: "power-cut",
  about: "power cuts under a writing device and hub, with syncing and without (20 cycles)",
  async run(options): Promise<BenchOutcome> {
    const names = Object.keys(subjects).filter((name) => options.only === undefined || options.only === name);
    const results: BenchResult[] = [];
    const skipped: Skipped[] = [];
    for (const name of names) {
      const why = machines[subjects[name]!.machine].why();
      if (why === undefined) results.push(await synced(name, options), await control(name, options));
      else skipped.push({ id: `power-cut.${name}`, why });
    }
    return { results, skipped };
  },
};

async function synced(name: string, options: BenchOptions): Promise<BenchResult> {
  const report = await cut(name, options.cycles ?? 20, false, options);
  const value = report.lost + report.unreadable + report.reused;
  const what = `${name}: acknowledged records lost or renumbered, and disks that could not be read`;
  const note = `${report.acknowledged} acknowledged, ${report.evicted} given up on purpose and told`;
  const met = value === 0 && report.acknowledged > 0;
  return { id: `power-cut.${name}`, what, value, unit: "records", goal: "0", met, n: report.cycles, note };
}

async function control(name: string, options: BenchOptions): Promise<BenchResult> {
  const report = await cut(name, Math.min(options.cycles ?? 20, controlCycles), true, options);
  const value = report.lost + report.unreadable;
  const what = `${name}: the same with syncing switched off, which must lose`;
  const note = `${report.acknowledged} acknowledged, ${report.unreadable} disks unreadable`;
  return {
    id: `power-cut.${name}-unsynced`,
    what,
    value,
    unit: "records",
    goal: "> 0",
    met: value > 0,
    n: report.cycles,
    note,
  };
}

function cut(name: string, cycles: number, noSync: boolean, { log }: BenchOptions): Promise<CutReport> {
  return cutCycles({
    subject: subjects[name]!,
    cycles,
    seed: 1,
    noSync,
    onCycle: ({ cycles: done, acknowledged, lost, unreadable }) =>
      log(
        `${name}${noSync ? " unsynced" : ""} ${done}: ${acknowledged} acknowledged, ${lost} lost, ${unreadable} unreadable`,
      ),
  });
}
