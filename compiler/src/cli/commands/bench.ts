import { stat } from "node:fs/promises";
import { digestOf } from "@fieldloop/devices";
import { elementCount, type LoadedModel, type Port, type Tensor } from "@fieldloop/edge-runtime/engine";
import { Command } from "commander";
import { CompilerError } from "../../errors.ts";
import { seededRandom } from "../../statistics/index.ts";
import { thisMachine } from "../../verify/machine.ts";
import {
  type HostedVariant,
  hostVariant,
  quantileOf,
  timeInterleaved,
  type VariantFiles,
} from "../../verify/variant-bench.ts";
import { readCompiled } from "../compiled-folder.ts";
import { componentName, readModelBytes } from "../model-file.ts";
import { type Print, table, wholeNumber } from "../output.ts";

interface BenchOptions {
  readonly rounds: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** `bench DIR` or `bench FILE…`: latencies of variants, or of single files, interleaved in one run. */
export function benchCommand(print: Print): Command {
  return new Command("bench")
    .description("time variants beside one another on random input, batch 1")
    .argument("<paths...>", "a folder that compile wrote, or ONNX and TFLite files")
    .option("--rounds <count>", "timed runs each", wholeNumber, 500)
    .option("--threads <count>", "threads inside one operator", wholeNumber, 1)
    .option("--json", "print one line of JSON")
    .action((given, options) => run(given, options, print));
}

async function run(paths: readonly string[], options: BenchOptions, print: Print): Promise<void> {
  const hosted: HostedVariant[] = [];
  try {
    for (const variant of await variantsAt(paths)) hosted.push(await hostVariant(variant, options.threads));
    const inputs = randomInputs(hosted[0]!.model);
    const times = await timeInterleaved(hosted, inputs, { rounds: options.rounds, warmupRounds: 20 });
    const results = hosted.map(({ target }, index) => resultOf(target, times[index]!, times[0]!));
    const engines = [...new Set(hosted.map(({ engine }) => thisMachine(options.threads, engine).engine))];
    const machine = { ...thisMachine(options.threads), engine: engines.join(" and ") };
    print(options, { machine, rounds: options.rounds, results }, () => [
      ...table([["variant", "p50 µs", "p95 µs", "times the first"], ...results.map(row)]),
      `batch 1 on ${machine.name}, ${machine.cores} cores, ${machine.threads} thread(s), ${machine.engine}`,
    ]);
  } finally {
    await Promise.all(hosted.map((variant) => variant.close()));
  }
}

async function variantsAt(paths: readonly string[]): Promise<readonly VariantFiles[]> {
  const first = await stat(paths[0]!).catch(() => undefined);
  if (first?.isDirectory() === true) return (await readCompiled(paths[0]!)).variants;
  return Promise.all(
    paths.map(async (path) => {
      const bytes = await readModelBytes(path);
      const target = componentName(path);
      return { target, components: [{ component: target, bytes, digest: digestOf(bytes) }] };
    }),
  );
}

function randomInputs(model: LoadedModel): Record<string, Tensor>[] {
  const random = seededRandom("bench");
  return Array.from({ length: 16 }, () =>
    Object.fromEntries(model.inputs.map((port) => [port.name, randomTensor(port, random)])),
  );
}

function randomTensor({ name, dtype, shape }: Port, random: () => number): Tensor {
  const sizes = shape.map((size) => (typeof size === "number" && size > 0 ? size : 1));
  const length = elementCount(sizes);
  if (dtype === "uint8") return { dtype, shape: sizes, data: Uint8Array.from({ length }, () => random() * 256) };
  if (dtype === "float32") return { dtype, shape: sizes, data: Float32Array.from({ length }, () => random() * 2 - 1) };
  throw new CompilerError(
    "invalid-argument",
    `Expected inputs of bytes or floats, found "${name}" of ${dtype}; bench another file.`,
  );
}

function resultOf(variant: string, times: Float64Array, first: Float64Array) {
  return {
    variant,
    p50Us: quantileOf(times, 0.5),
    p95Us: quantileOf(times, 0.95),
    ratioToFirst: quantileOf(times, 0.5) / quantileOf(first, 0.5),
  };
}

function row({ variant, p50Us, p95Us, ratioToFirst }: ReturnType<typeof resultOf>): string[] {
  return [variant, p50Us.toFixed(0), p95Us.toFixed(0), ratioToFirst.toFixed(2)];
}
