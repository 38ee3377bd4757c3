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
const networks: readonly StepNetwork[] = [
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
  const spec = JSON.stringify({ ...network, threads });
  const ours = startStepper(process.execPath, [
    ...process.execArgv,
    program(`training-step-program${extname(import.meta.url)}`),
    spec,
  ]);
  const theirs = python === undefined ? undefined : startStepper(python, [program("training-step-peer.py"), spec]);
  try {
    await ours.steps(warmUpSteps);
    await theirs?.steps(warmUpSteps);
    const pairs: { readonly ours: number; readonly theirs: number | undefined }[] = [];
    for (let round = 0; round < rounds; round++) {
      pairs.push({
        ours: median(await ours.steps(stepsPerRound)),
        theirs: theirs && median(await theirs.steps(stepsPerRound)),
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

function figures(
  network: StepNetwork,
  threads: number,
  pairs: readonly { readonly ours: number; readonly theirs: number | undefined }[],
): readonly BenchResult[] {
  const id = `training-step.${network.name}.${threads}`;
  const n = pairs.length * stepsPerRound;
  const note = `batch 64, ${threads} threads, median of ${pairs.length} rounds of ${stepsPerRound} steps`;
  const time = (suffix: string, what: string, values: readonly number[]): BenchResult => {
    return { id: `${id}.${suffix}`, what, value: median(values), unit: "ms", goal: "", met: null, n, note };
  };
  const ours = time(
    "ms",
    "one training step",
    pairs.map((pair) => pair.ours),
  );
  const theirs = pairs.flatMap((pair) => (pair.theirs === undefined ? [] : [pair.theirs]));
  if (theirs.length === 0) return [ours];
  const ratio = median(pairs.map((pair) => pair.ours / (pair.theirs ?? Number.NaN)));
  return [
    ours,
    time("torch-ms", "one training step in PyTorch", theirs),
    {
      id: `${id}.ratio`,
      what: "step time over PyTorch's",
      value: ratio,
      unit: "×",
      goal: `≤ ${slowestRatio}`,
      met: ratio <= slowestRatio,
      n,
      note,
    },
  ];
}

/** A program that answers a line with a number of steps by a line with that many durations in milliseconds. */
interface Stepper {
  steps(count: number): Promise<readonly number[]>;
  end(): void;
}

function startStepper(command: string, args: readonly string[]): Stepper {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async steps(count) {
      child.stdin!.write(`${count}\n`);
      const { value, done } = await lines.next();
      if (done)
        throw new Error(`Expected ${args.at(-2)} to answer with durations, but it ended; see what it wrote above.`);
      return JSON.parse(value) as number[];
    },
    end: () => child.stdin!.end(),
  };
}

function program(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
