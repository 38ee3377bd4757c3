import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Bench, type BenchOutcome, type BenchResult, quantile } from "./bench.ts";
import { type Ending, fleets, type Trial } from "./rollout-simulation.ts";
import { correlation, type Fault, faults, framesPerSecond, outcomeShare, tempers } from "./rollout-world.ts";

const sizes = ["3", "200", "200-hasty"] as const;
const mostFalseStops = 1;
const leastStopped = 95;
/** How many times fewer rollouts the harder fleet and the control get; they have no threshold to prove. */
const fewer = 5;
/** The fault that needs time is the one that a short soak is hard on. */
const hastyFaults = ["none", "accuracy"] as const;

/**
 * `npm run bench -- rollout`: 1,000 simulated rollouts (`--cycles N`) of each kind and fleet size against the health rules that
 * ship; `--only 3`, `200` or `200-hasty` for one fleet.
 */
export const rolloutBench: Bench = {
  name: "rollout",
  about: "simulated rollouts under dusk: false stops, bad releases stopped, predictions needed (1,000 of each kind)",
  async run({ cycles = 1000, only, log }): Promise<BenchOutcome> {
    const results: BenchResult[] = [];
    for (const size of sizes.filter((each) => only === undefined || only === each)) {
      const isHasty = size === "200-hasty";
      const count = isHasty ? Math.max(1, Math.round(cycles / fewer)) : cycles;
      for (const fault of isHasty ? hastyFaults : faults) {
        log(`${count} rollouts over ${size} devices, fault: ${fault}`);
        const endings = await simulate({ fleet: size, fault, temper: "usual" }, count);
        results.push(...(fault === "none" ? nullResults(size, endings) : faultResults(size, fault, endings)));
      }
      if (isHasty) continue;
      log("a harder fleet, and a judge that counts frames as if they were independent");
      const some = Math.max(1, Math.round(cycles / fewer));
      results.push(hardResult(size, await simulate({ fleet: size, fault: "none", temper: "hard" }, some)));
      results.push(naiveResult(size, await simulate({ fleet: size, fault: "none", temper: "usual" }, some, true)));
    }
    return { results, skipped: [] };
  },
};

async function simulate(kind: Omit<Trial, "number">, count: number, isNaive = false): Promise<Ending[]> {
  const workers = Math.max(1, Math.min(8, availableParallelism(), count));
  const endings: Ending[] = [];
  const trials = Array.from({ length: count }, (_, number): Trial => ({ ...kind, number }));
  const shares = Array.from({ length: workers }, (_, worker) =>
    trials.filter((_, index) => index % workers === worker),
  );
  await Promise.all(
    shares.map(async (share) => {
      const worker = new Worker(new URL("./rollout-worker.ts", import.meta.url), {
        workerData: { trials: share, isNaive },
      });
      worker.on("message", (ending: Ending) => endings.push(ending));
      const [code] = (await once(worker, "exit")) as [number];
      if (code !== 0)
        throw new Error(`Expected a worker to simulate ${share.length} rollouts, but it exited with ${code}.`);
    }),
  );
  return endings;
}

type Size = (typeof sizes)[number];
type Told = Pick<BenchResult, "id" | "what" | "value" | "goal" | "met"> & {
  readonly note?: string;
  readonly unit?: string;
};

function nullResults(size: Size, endings: readonly Ending[]): BenchResult[] {
  const stops = percent(endings, "harm");
  const { waves, soakMs, windowMs } = fleets[size];
  const setting = `waves of ${waves.join(", ")}, looks every ${windowMs / 1000} s, soak ${soakMs / 60_000} min`;
  const result = resultFor(size, endings);
  return [
    result({
      id: "false-stops",
      what: "rollouts of an equal release that were stopped for harm, under a shared dusk",
      value: stops,
      goal: `≤ ${mostFalseStops}`,
      met: stops <= mostFalseStops,
      note: `${setting}; correlation ${correlation}, ${framesPerSecond} frames/s, outcomes on ${outcomeShare * 100} %${rulesNote(endings)}`,
    }),
    result({
      id: "null-healthy",
      what: "rollouts of an equal release that reached every device",
      value: percent(endings, "completed"),
      goal: "printed",
      met: null,
      note: `median ${minutes(endings, "completed")} min`,
    }),
    result({
      id: "null-too-little-data",
      what: "rollouts of an equal release that ended for too little data",
      value: percent(endings, "too-little-data"),
      goal: "printed",
      met: null,
      note: undecidedNote(endings),
    }),
  ];
}

const what: Readonly<Record<Fault, string>> = {
  none: "an equal release",
  accuracy: "a release that is right 10 points less often, found through outcomes",
  confidence: "a release whose mean confidence is 0.3 lower",
  latency: "a release that takes twice as long",
  errors: "a release that fails on 2 % of frames",
};

/** A bad release is stopped when it does not pass: for harm that was proven, or because it leaned there until time was up. */
function faultResults(size: Size, fault: Fault, endings: readonly Ending[]): BenchResult[] {
  const stopped = Math.round((100 - percent(endings, "completed")) * 100) / 100;
  const needed = endings.filter(({ end }) => end !== "completed").map(({ predictions }) => predictions);
  const result = resultFor(size, endings);
  const hasGoal = size === "200";
  return [
    result({
      id: `${fault}.stopped`,
      what: `${what[fault]}: stopped`,
      value: stopped,
      goal: hasGoal ? `≥ ${leastStopped}` : "printed",
      met: hasGoal ? stopped >= leastStopped : null,
      note: wavesNote(endings),
    }),
    result({
      id: `${fault}.proven`,
      what: `${what[fault]}: stopped for proven harm, the rest for too little data`,
      value: percent(endings, "harm"),
      goal: "printed",
      met: null,
      note: `found after ${minutes(endings, "harm")} min in the middle${rulesNote(endings)}`,
    }),
    ...[0.5, 0.95].map((share) =>
      result({
        id: `${fault}.predictions-p${share * 100}`,
        what: `predictions by it until it was stopped, ${share === 0.5 ? "median" : "p95"}`,
        value: needed.length === 0 ? 0 : Math.round(quantile(needed, share)),
        unit: "predictions",
        goal: "printed",
        met: null,
      }),
    ),
  ];
}

function hardResult(size: Size, endings: readonly Ending[]): BenchResult {
  const { slowShare, wanderingMs, duskSpread } = tempers.hard;
  return resultFor(
    size,
    endings,
  )({
    id: "hard.false-stops",
    what: "an equal release over a harder fleet, stopped for harm",
    value: percent(endings, "harm"),
    goal: "printed",
    met: null,
    note: `${Math.round(slowShare * 100)} % of what differs wanders, over ${wanderingMs / 60_000} min, dusk differs by ${duskSpread * 100} % between devices, and one device in a hundred fails on a tenth of its frames; ${percent(endings, "completed")} % passed${rulesNote(endings)}`,
  });
}

function naiveResult(size: Size, endings: readonly Ending[]): BenchResult {
  const stops = percent(endings, "harm");
  return resultFor(
    size,
    endings,
  )({
    id: "naive.false-stops",
    what: "the same by a judge that pools frames and tests at every look: the check can fail",
    value: stops,
    goal: `> ${5 * mostFalseStops}`,
    met: stops > 5 * mostFalseStops,
  });
}

function resultFor(size: Size, endings: readonly Ending[]): (told: Told) => BenchResult {
  return ({ id, unit = "%", note = "", ...told }) => ({
    ...told,
    id: `rollout.${size}-devices.${id}`,
    unit,
    n: endings.length,
    note,
  });
}

function percent(endings: readonly Ending[], end: Ending["end"]): number {
  const share = endings.filter((each) => each.end === end).length / endings.length;
  return Math.round(share * 10_000) / 100;
}

function minutes(endings: readonly Ending[], end: Ending["end"]): string {
  const times = endings.filter((each) => each.end === end).map(({ ms }) => ms / 60_000);
  return times.length === 0 ? "–" : quantile(times, 0.5).toFixed(1);
}

function tally(names: readonly string[]): string {
  const groups = [...Map.groupBy(names, (name) => name)].map(([name, members]) => ({ name, count: members.length }));
  return groups
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => `${name} ${count}`)
    .join(", ");
}

function rulesNote(endings: readonly Ending[]): string {
  const rules = tally(endings.filter(({ end }) => end === "harm").flatMap((ending) => ending.rules));
  return rules === "" ? "" : `; found by: ${rules}`;
}

function undecidedNote(endings: readonly Ending[]): string {
  const rules = tally(endings.filter(({ end }) => end === "too-little-data").flatMap((ending) => ending.rules));
  return rules === "" ? "" : `undecided: ${rules}`;
}

const wavesNote = (endings: readonly Ending[]): string =>
  tally(endings.map(({ end, wave }) => (end === "completed" ? "passed:" : `${end} in wave ${wave}:`)));
