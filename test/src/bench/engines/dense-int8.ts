import { compileVersion, serializeModel, type Target, targetNamed, targetsHere } from "@fieldloop/compiler";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { type Bench, type BenchOutcome, type BenchResult, median } from "../bench.ts";
import { type GeneratedNetwork, generatedNetworks } from "./generated-networks.ts";
import { interleavedUs } from "./interleaved.ts";

const leastSpeedUp = { dense: 2.5, "tiny dense": 1.2, depthwise: undefined } as const;
const integerTargets = ["ort-cpu-x86-vnni", "ort-cpu-x86"] as const;
const calibrationImages = 16;
const timing = { warmUps: 5, rounds: 2000, longestMs: 20_000 };

/** `npm run bench -- engines --only dense-int8`: integer variants of known shapes over fp32, one thread, interleaved. */
export const denseInt8Bench: Bench = {
  name: "dense-int8",
  about: "int8 over fp32 on ResNet-50, ResNet-8 and MobileNet shapes, one image, one thread",
  async run({ log }): Promise<BenchOutcome> {
    const targets = integerTargets.map((name) => targetNamed(name));
    const here = targetsHere("onnxruntime");
    const suited = targets.filter((target) => here.includes(target));
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
    const inputs = { image: { dtype: "uint8", shape: [1, side, side, 3], data: image() } } as const;
    const times = await interleavedUs(
      models.map((model) => [model]),
      inputs,
      timing,
    );
    return targets.map((target, index) => resultOf(network, target, times[0]!, times[index + 1]!));
  } finally {
    await engine.close();
  }
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
