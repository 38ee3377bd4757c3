import {
  type PairedUnit,
  type ProportionUnit,
  pairedUnits,
  poolSeeds,
  proportionUnits,
} from "@fieldloop/compiler/statistics";
import type { Figure } from "@fieldloop/devices";
import type { Bench, BenchOptions, BenchResult } from "./bench.ts";
import { datasetFolder } from "./datasets.ts";
import { type DemoRun, runDemo } from "./demo-run.ts";

type Mode = "plain" | "light";

type Plan = { readonly mode: Mode; readonly answers: number };

/** What a plain network gave in PyTorch (evaluation.md), field test and old test in percent, over seeds 0 and 1. */
const table = {
  plain: { before: 45, old: 90, allLabels: 91 },
  light: { before: 65, old: 90, allLabels: 91 },
} as const;
const tableTolerance = 3;

/** `npm run bench -- loop`: the demo on real signs over seeds, plain and light, beside uniform choice and the ceiling. */
export const loopBench: Bench = {
  name: "loop",
  about: "the whole loop on gtsrb32 over seeds 0–2, plain and light (≤ 45 min)",
  async run(options) {
    const data = datasetFolder("gtsrb32");
    if ("why" in data) return { results: [], skipped: [{ id: "loop", why: data.why }] };
    const results: BenchResult[] = [];
    for (const answers of options.full ? [25, 50, 100, 200] : [100]) {
      const modes = ["plain", "light"] as const;
      const runs = await Promise.all(
        modes.map((mode, core) => runsOf(data.dir, { mode, answers }, core, options)), // side by side, a core each
      );
      results.push(...modes.flatMap((mode, index) => judge(mode, answers, runs[index] ?? [])));
    }
    return {
      results: results.filter(({ id }) => options.only === undefined || id.includes(options.only)),
      skipped: [],
    };
  },
};

async function runsOf(
  dir: string,
  { mode, answers }: Plan,
  core: number,
  { seeds = [0, 1, 2], log }: BenchOptions,
): Promise<readonly DemoRun[]> {
  const runs: DemoRun[] = [];
  for (const seed of seeds) {
    log(`${mode}, ${answers} answers, seed ${seed}`);
    const args = ["--field", dir, "--seed", String(seed), "--answers", String(answers), "--compare"];
    runs.push(
      await runDemo([...args, ...(mode === "plain" ? ["--plain"] : [])], (line) => log(`${mode}: ${line}`), core),
    );
  }
  return runs;
}

function judge(mode: Mode, answers: number, runs: readonly DemoRun[]): BenchResult[] {
  const id = (name: string) => `loop.${mode}.${answers}.${name}`;
  const before = poolSeeds(runs.map(({ units }) => shares(units.field.before)));
  const after = poolSeeds(runs.map(({ units }) => shares(units.field.after)));
  const gain = poolSeeds(runs.map(({ units }) => pairs(units.field.after, units.field.before)));
  const old = poolSeeds(runs.map(({ units }) => pairs(units.old.after, units.old.before)));
  const oldBefore = poolSeeds(runs.map(({ units }) => shares(units.old.before)));
  const uniform = poolSeeds(runs.map(({ units }) => shares(units.field.uniform)));
  const beside = poolSeeds(runs.map(({ units }) => pairs(units.field.after, units.field.uniform)));
  const ceiling = poolSeeds(runs.map(({ units }) => shares(units.field.allLabels)));
  const wanted = table[mode];
  const winner = beside.low > 0 ? "the loop wins" : beside.high < 0 ? "uniform choice wins" : "neither wins";
  return [
    figure(id("field-before"), "field test, v1", before, near(wanted.before), within(before, wanted.before)),
    figure(id("field-after"), "field test, v2", after, "printed", null),
    figure(id("field-gain"), "field test, v2 minus v1, paired", gain, "interval above 0", gain.low > 0),
    figure(id("old-before"), "old test, v1", oldBefore, near(wanted.old), within(oldBefore, wanted.old)),
    figure(id("old-gain"), "old test, v2 minus v1, paired", old, "lower bound ≥ −1 point", old.low >= -0.01),
    figure(id("uniform"), "field test, uniform choice of as many whole tracks", uniform, "printed", null),
    figure(id("beside-uniform"), `field test, v2 minus uniform, paired: ${winner}`, beside, "printed", null),
    figure(id("ceiling"), "field test, all labels", ceiling, near(wanted.allLabels), within(ceiling, wanted.allLabels)),
    count(
      id("drift-silent"),
      "runs whose detector stayed silent on old tracks",
      runs,
      ({ report }) => report.drift.before < report.drift.threshold,
    ),
    count(
      id("drift-alarm"),
      "runs with an alarm within 6 windows of dusk",
      runs,
      ({ report }) => (report.drift.windowsToAlarm ?? Infinity) <= 6,
    ),
    {
      ...count(
        id("released"),
        "runs whose gate let v2 out; the others refused it",
        runs,
        ({ exitCode }) => exitCode === 0,
      ),
      goal: "printed",
      met: null,
    },
    seconds(id("seconds"), runs),
  ];
}

function shares(outcomes: readonly boolean[] | null): ProportionUnit[] {
  return proportionUnits((outcomes ?? []).map((success, index) => ({ unit: String(index), success })));
}

function pairs(candidate: readonly boolean[] | null, incumbent: readonly boolean[] | null): PairedUnit[] {
  return pairedUnits(
    (candidate ?? []).map((right, index) => ({
      unit: String(index),
      candidate: right,
      incumbent: incumbent?.[index] ?? false,
    })),
  );
}

const near = (percent: number): string => `${percent} ± ${tableTolerance}`;
const within = ({ value }: Figure, percent: number): boolean => Math.abs(value * 100 - percent) <= tableTolerance;
const percent = (share: number): string => (share * 100).toFixed(1);

function figure(
  id: string,
  what: string,
  { value, low, high, n }: Figure,
  goal: string,
  met: boolean | null,
): BenchResult {
  return { id, what, value: value * 100, unit: "%", goal, met, n, note: `95 % [${percent(low)}, ${percent(high)}]` };
}

function count(id: string, what: string, runs: readonly DemoRun[], holds: (run: DemoRun) => boolean): BenchResult {
  const value = runs.filter(holds).length;
  return {
    id,
    what,
    value,
    unit: "runs",
    goal: `${runs.length} of ${runs.length}`,
    met: value === runs.length,
    n: runs.length,
    note: "",
  };
}

function seconds(id: string, runs: readonly DemoRun[]): BenchResult {
  const value = runs.reduce((sum, run) => sum + run.seconds, 0) / runs.length;
  return {
    id,
    what: "seconds of one run with comparison",
    value,
    unit: "s",
    goal: "printed",
    met: null,
    n: runs.length,
    note: "",
  };
}
