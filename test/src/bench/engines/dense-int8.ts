import { readFile } from "node:fs/promises";
import { compileVersion, serializeModel, suitsMachine, type Target, targetNamed } from "@fieldloop/compiler";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { type LoadedModel, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { type Bench, type BenchOutcome, type BenchResult, median } from "../bench.ts";
import { type GeneratedNetwork, generatedNetworks } from "./generated-networks.ts";

const leastSpeedUp = { dense: 2.5, "tiny dense": 1.2, depthwise: undefined } as const;
const integerTargets = ["ort-cpu-x86-vnni", "ort-cpu-x86"] as const;
const calibrationImages = 16;
const longestRoundsMs = 20_000;

/** `npm run bench -- engines --only dense-int8`: integer variants of known shapes over fp32, one thread, interleaved. */
export const denseInt8Bench: Bench = {
  name: "dense-int8",
  about: "int8 over fp32 on ResNet-50, ResNet-8 and MobileNet shapes, one image, one thread",
  async run({ log }): Promise<BenchOutcome> {
    const facts = {
      arch: process.arch,
      deviceTreeModel: "",
      cpuinfo: await readFile("/proc/cpuinfo", "utf8").catch(() => ""),
    };
    const targets = integerTargets.map((name) => targetNamed(name));
    const suited = targets.filter((target) => suitsMachine(target, facts));
    const results: BenchResult[] = [];
    for (const network of generatedNetworks) {
      log(`${network.name}: ${suited.map(({ name }) => name).join(", ")}`);
      results.push(...(await speedUps(network, suited)));
    }
    const why = "this processor lacks the instructions that it is made for";
    const others = targets.filter((target) => !suited.includes(target));
    return { results, skipped: others.map(({ name }) => ({ id: `dense-int8.${name}`, why })) };
  },
};

async function speedUps(network: GeneratedNetwork, targets: readonly Target[]): Promise<BenchResult[]> {
  const random = seededRandom(network.name);
  const { side } = network;
  const image = () => Uint8Array.from({ length: side * side * 3 }, () => Math.floor(random() * 256));
  const names = ["ort-cpu-fp32", ...targets.map(({ name }) => name)];
  const { variants } = await compileVersion({
    components: [{ name: "backbone", role: "backbone", bytes: serializeModel(network.graph()) }],
    targets: names,
    calibration: Array.from({ length: calibrationImages }, () => ({ data: image(), width: side, height: side })),
  });
  const engine = await startInlineEngine({ threads: 1 });
  try {
    const models = await Promise.all(variants.map(({ target, bytes }) => engine.load([{ name: target, bytes }])));
    const times = await interleaved(models, { image: { dtype: "uint8", shape: [1, side, side, 3], data: image() } });
    return targets.map((target, index) => resultOf(network, target, times[0]!, times[index + 1]!));
  } finally {
    await engine.close();
  }
}

/** Microseconds of every run: rounds in which each model runs once, for as long as a bench may take. */
async function interleaved(
  models: readonly LoadedModel[],
  inputs: Readonly<Record<string, Tensor>>,
): Promise<readonly number[][]> {
  for (const model of models) for (let run = 0; run < 5; run += 1) await model.run(inputs);
  const times = models.map((): number[] => []);
  const endMs = performance.now() + longestRoundsMs;
  while (performance.now() < endMs && times[0]!.length < 2000) {
    for (const [index, model] of models.entries()) times[index]!.push((await model.run(inputs)).runUs);
  }
  return times;
}

function resultOf(
  { name, kind }: GeneratedNetwork,
  target: Target,
  floatUs: readonly number[],
  integerUs: readonly number[],
): BenchResult {
  const value = median(floatUs) / median(integerUs);
  const least = target.name === "ort-cpu-x86-vnni" ? leastSpeedUp[kind] : undefined;
  return {
    id: `dense-int8.${name}.${target.name}`,
    what: `${kind}: fp32's time over int8's, one thread`,
    value,
    unit: "×",
    goal: least === undefined ? "never recommended when slower" : `≥ ${least}`,
    met: least === undefined ? null : value >= least,
    n: integerUs.length,
    note: `medians ${median(floatUs).toFixed(0)} and ${median(integerUs).toFixed(0)} µs`,
  };
}
