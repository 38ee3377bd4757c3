import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchOutcome, type BenchResult, median } from "./bench.ts";

/** A network to time one training step of: three-by-three convolutions with batch norm, ReLU and pooling, batch 64. */
export interface StepNetwork {
  readonly name: string;
  readonly channels: readonly number[];
  readonly features: "average" | "positions";
  readonly classes: number;
}

/** The network of the training note's table, and the road-sign demo's. */
export const networks: readonly StepNetwork[] = [
  { name: "16-32-64", channels: [16, 32, 64], features: "average", classes: 10 },
  { name: "32-64-128", channels: [32, 64, 128], features: "positions", classes: 43 },
];

const stepsPerRound = 8;
const rounds = 9;
const warmUpSteps = 5;
const slowestRatio = 1.25;

/** `npm run bench -- training-step`: one forward, backward and Adam step on the CPU beside PyTorch's, interleaved. */
export const trainingStepBench: Bench = {
  name: "training-step",
  about: "one training step on the CPU beside PyTorch where a Python with torch is given",
  async run({ log }) {
    const results: BenchResult[] = [];
    const python = peerPython();
    for (const network of networks) {
      for (const threads of [1, 2]) {
        log(`${network.name}, ${threads} threads`);
        results.push(...(await measureTrainingStep(network, threads, python)));
      }
    }
    const why = `no Python with torch at ${peersHome()}; npm run peers makes one, FIELDLOOP_PEERS names another`;
    return {
      results,
      skipped: python === undefined ? [{ id: "training-step.ratio", why }] : [],
    } satisfies BenchOutcome;
  },
};

/** Times steps of both sides in turns, so that what else the machine does falls on both; ratio: ours over PyTorch's. */
export async function measureTrainingStep(
  network: StepNetwork,
  threads: number,
  python: string | undefined,
): Promise<readonly BenchResult[]> {
  const ours = startOurs({ ...network, threads });
  const theirs = python === undefined ? undefined : startTorch(python, { ...network, threads });
  try {
    await ours.steps(warmUpSteps);
    await theirs?.steps(warmUpSteps);
    const pairs: Pair[] = [];
    for (let round = 0; round < rounds; round++) {
      pairs.push({
        ours: medians(await ours.steps(stepsPerRound)),
        theirs: theirs && medians(await theirs.steps(stepsPerRound)),
      });
    }
    return figures(network, threads, pairs);
  } finally {
    ours.end();
    theirs?.end();
  }
}

/** The Python of `npm run peers`, where it has been made. */
export function peerPython(): string | undefined {
  const python = join(peersHome(), "bin", "python");
  return existsSync(python) ? python : undefined;
}

function peersHome(): string {
  return (
    process.env.FIELDLOOP_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "fieldloop", "peers")
  );
}

/** Milliseconds on the clock, and of all the process's threads together: the fairer one where others use the machine. */
interface StepTime {
  readonly wall: number;
  readonly cpu: number;
}

/** One step that was taken; our own also tell their loss. */
export interface Step extends StepTime {
  readonly loss?: number;
}

interface Pair {
  readonly ours: StepTime;
  readonly theirs: StepTime | undefined;
}

function medians(times: readonly StepTime[]): StepTime {
  return { wall: median(times.map(({ wall }) => wall)), cpu: median(times.map(({ cpu }) => cpu)) };
}

function figures(network: StepNetwork, threads: number, pairs: readonly Pair[]): readonly BenchResult[] {
  return [...figuresOf(network, threads, pairs, "wall"), ...figuresOf(network, threads, pairs, "cpu")];
}

function figuresOf(
  network: StepNetwork,
  threads: number,
  pairs: readonly Pair[],
  clock: keyof StepTime,
): readonly BenchResult[] {
  const id = `training-step.${network.name}.${threads}.${clock}`;
  const shared = {
    n: pairs.length * stepsPerRound,
    note: `batch 64, ${threads} threads, ${clock} time, median of ${pairs.length} rounds of ${stepsPerRound} steps`,
  };
  const time = (name: string, what: string, values: readonly number[]): BenchResult => {
    return { id: `${id}.${name}`, what, value: median(values), unit: "ms", goal: "", met: null, ...shared };
  };
  const ours = time(
    "ms",
    "one training step",
    pairs.map((pair) => pair.ours[clock]),
  );
  const both = pairs.flatMap(({ ours: mine, theirs }) =>
    theirs === undefined ? [] : [{ mine: mine[clock], theirs: theirs[clock] }],
  );
  if (both.length === 0) return [ours];
  const value = median(both.map(({ mine, theirs }) => mine / theirs));
  const met = clock === "wall" ? value <= slowestRatio : null;
  const goal = clock === "wall" ? `≤ ${slowestRatio}` : "";
  return [
    ours,
    time(
      "torch-ms",
      "one training step in PyTorch",
      both.map(({ theirs }) => theirs),
    ),
    { id: `${id}.ratio`, what: "step time over PyTorch's", value, unit: "×", goal, met, ...shared },
  ];
}

/** A program that answers a line with a number of steps by a line with as many times. */
export interface Stepper {
  steps(count: number): Promise<readonly Step[]>;
  end(): void;
}

/** Our own training step in a process of its own. provider: what computes it, the CPU unless said otherwise */
export function startOurs(spec: StepNetwork & { threads: number; batch?: number; provider?: string }): Stepper {
  const path = program(`training-step-program${extname(import.meta.url)}`);
  return startStepper(process.execPath, [...process.execArgv, path, JSON.stringify(spec)]);
}

/** PyTorch's. device: a name that PyTorch knows, "cpu" unless said otherwise */
export function startTorch(
  python: string,
  spec: StepNetwork & { threads: number; batch?: number; device?: string },
): Stepper {
  return startStepper(python, [program("training-step-peer.py"), JSON.stringify(spec)]);
}

function startStepper(command: string, args: readonly string[]): Stepper {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async steps(count) {
      child.stdin!.write(`${count}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`Expected ${args.at(-2)} to answer with times, but it ended; see what it wrote above.`);
      const told = JSON.parse(value) as Step[] | { readonly error: string };
      if ("error" in told) throw new Error(told.error);
      return told;
    },
    end: () => child.stdin!.end(),
  };
}

function program(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
