import { type Bench, type BenchOutcome, type BenchResult, median, type Skipped } from "../bench.ts";
import { networks, peerPython, type StepNetwork, startOurs, startTorch } from "../training-step.ts";

const batches = [64, 512] as const;
const comparedSteps = 12;
const timedSteps = 40;
const tolerance = 1e-3;

/** `npm run bench -- engines --only gpu`: the training step on a GPU through WebGPU, beside the CPU's and PyTorch's there. */
export const gpuBench: Bench = {
  name: "gpu",
  about: "the training step on a real GPU: loss against the CPU's, time beside PyTorch's on the same GPU",
  async run({ log }): Promise<BenchOutcome> {
    const results: BenchResult[] = [];
    const skipped: Skipped[] = [];
    for (const network of networks) {
      for (const batch of batches) {
        log(`${network.name}, batch ${batch}`);
        const id = `gpu.${network.name}.${batch}`;
        try {
          results.push(...(await measure(id, network, batch)));
        } catch (error) {
          skipped.push({ id: `${id}.webgpu`, why: (error as Error).message });
        }
        const torch = await torchMs(network, batch).catch(() => undefined);
        if (torch === undefined)
          skipped.push({ id: `${id}.torch`, why: "no PyTorch with a GPU; FIELDLOOP_PEERS names one" });
        else results.push(...besideTorch(id, results, torch));
      }
    }
    return { results, skipped };
  },
};

async function measure(id: string, network: StepNetwork, batch: number): Promise<BenchResult[]> {
  const spec = { ...network, batch, threads: 1 };
  const gpu = startOurs({ ...spec, provider: "webgpu" });
  const cpu = startOurs(spec);
  try {
    const losses = (await gpu.steps(comparedSteps)).map(({ loss }) => loss!);
    const expected = (await cpu.steps(comparedSteps)).map(({ loss }) => loss!);
    const apart = Math.max(...losses.map((loss, step) => Math.abs(loss - expected[step]!)));
    const ms = median((await gpu.steps(timedSteps)).map(({ wall }) => wall));
    const cpuMs = median((await cpu.steps(comparedSteps)).map(({ wall }) => wall));
    return [
      {
        id: `${id}.loss`,
        what: `largest difference of loss from the CPU's over ${comparedSteps} steps`,
        value: apart,
        unit: "",
        goal: `≤ ${tolerance}`,
        met: apart <= tolerance,
        n: comparedSteps,
        note: `last loss ${losses.at(-1)!.toFixed(4)}`,
      },
      {
        id: `${id}.webgpu-ms`,
        what: "one training step on WebGPU, weights crossing the bus both ways",
        value: ms,
        unit: "ms",
        goal: "",
        met: null,
        n: timedSteps,
        note: `${cpuMs.toFixed(1)} ms on one CPU thread of this machine`,
      },
    ];
  } finally {
    gpu.end();
    cpu.end();
  }
}

async function torchMs(network: StepNetwork, batch: number): Promise<number | undefined> {
  const python = peerPython();
  if (python === undefined) return undefined;
  const torch = startTorch(python, { ...network, batch, threads: 1, device: "cuda" });
  try {
    await torch.steps(comparedSteps);
    return median((await torch.steps(timedSteps)).map(({ wall }) => wall));
  } finally {
    torch.end();
  }
}

function besideTorch(id: string, results: readonly BenchResult[], torch: number): BenchResult[] {
  const shared = { goal: "", met: null, n: timedSteps, note: "eager mode, one loss read back a step" };
  const ours = results.find((result) => result.id === `${id}.webgpu-ms`);
  return [
    { id: `${id}.torch-ms`, what: "the same step in PyTorch on this GPU", value: torch, unit: "ms", ...shared },
    ...(ours === undefined
      ? []
      : [
          { id: `${id}.over-torch`, what: "step time over PyTorch's", value: ours.value / torch, unit: "×", ...shared },
        ]),
  ];
}
