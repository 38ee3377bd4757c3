import {
  attribute,
  createRandom,
  floatTensor,
  type Graph,
  GraphBuilder,
  mergeModels,
  parseModel,
  serializeModel,
} from "@fieldloop/compiler";
import { type LoadedModel, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { type Bench, type BenchOutcome, type BenchResult, median } from "../bench.ts";
import { mobileNet } from "./generated-networks.ts";
import { interleavedUs } from "./interleaved.ts";

const tasks = ["colour", "kind", "state"] as const;
const classes = 10;
const features = 256;
const side = 224;
const warmUps = 10;
const rounds = 150;
const mostApart = 1e-5;

/** `npm run bench -- engines --only merge`: three heads on one MobileNet, as three models, as one graph, and merged. */
export const mergeBench: Bench = {
  name: "merge",
  about: "three models that share a bottom, merged: answers, time, bytes of a head",
  async run(): Promise<BenchOutcome> {
    const models = tasks.map((name, index) => ({
      name,
      graph: parseModel(serializeModel(withHeads([[name, index]]))),
    }));
    const { backbone, heads } = mergeModels(models);
    const parts = [{ name: "backbone", graph: backbone }, ...heads].map(({ name, graph }) => {
      return { name, bytes: serializeModel(graph) };
    });
    const composed = serializeModel(withHeads(tasks.map((name, index) => [name, index])));
    const engine = await startInlineEngine({ threads: 1 });
    try {
      const merged = await engine.load(parts);
      const whole = await engine.load([{ name: "composed", bytes: composed }]);
      const alone = await Promise.all(
        models.map(({ name, graph }) => engine.load([{ name, bytes: serializeModel(graph) }])),
      );
      const image = randomImage();
      const apart = await largestDifference(alone, merged, image);
      const sides = await interleavedUs([[merged], [whole], alone], image, { warmUps, rounds });
      const [mergedUs, wholeUs, aloneUs] = sides.map((each) => median(each)) as [number, number, number];
      const times = { merged: mergedUs, whole: wholeUs, alone: aloneUs };
      const largest = Math.max(...parts.slice(1).map(({ bytes }) => bytes.length));
      const share = largest / parts[0]!.bytes.length;
      return { results: resultsOf(apart, times, share), skipped: [] };
    } finally {
      await engine.close();
    }
  },
};

function withHeads(heads: readonly (readonly [name: string, seed: number])[]): Graph {
  const builder = GraphBuilder.from({ ...mobileNet({ width: 1, side, features }), outputs: [] });
  for (const [name, seed] of heads) {
    const random = createRandom(100 + seed);
    const values = Float32Array.from({ length: classes * features }, () => random.normal() / Math.sqrt(features));
    const weight = builder.initializer(`${name}.weight`, floatTensor(values, [classes, features]));
    const logits = builder.add("Gemm", ["embedding", weight], { attributes: { transB: attribute.int(1) } });
    builder.add("Softmax", [logits], { outputs: [name] });
    builder.output(name);
  }
  return builder.build();
}

function randomImage(): Readonly<Record<string, Tensor>> {
  const random = createRandom(5);
  const data = Float32Array.from({ length: 3 * side * side }, () => random.normal());
  return { image: { dtype: "float32", shape: [1, 3, side, side], data } };
}

async function largestDifference(
  alone: readonly LoadedModel[],
  merged: LoadedModel,
  image: Readonly<Record<string, Tensor>>,
): Promise<number> {
  const { outputs } = await merged.run(image);
  const apart = await Promise.all(
    alone.map(async (model, index) => {
      const expected = (await model.run(image)).outputs[tasks[index]!]!.data;
      const found = outputs[tasks[index]!]!.data;
      return [...expected].map((value, at) => Math.abs(Number(value) - Number(found[at])));
    }),
  );
  return Math.max(...apart.flat());
}

/** Median microseconds of each side. */
interface Times {
  readonly merged: number;
  readonly whole: number;
  readonly alone: number;
}

function resultsOf(apart: number, { merged, whole, alone }: Times, share: number): BenchResult[] {
  const note = `medians ${merged.toFixed(0)} µs merged, ${whole.toFixed(0)} as one graph, ${alone.toFixed(0)} as three models`;
  const result = (id: string, what: string, value: number, unit: string, goal: number, n: number): BenchResult => {
    return { id: `merge.${id}`, what, value, unit, goal: `≤ ${goal}`, met: value <= goal, n, note };
  };
  return [
    result("difference", "largest difference of an answer from the original models'", apart, "", mostApart, 30),
    result("over-composed", "time over one composed graph's", merged / whole, "×", 1.06, rounds),
    result("over-three", "time over the three models'", merged / alone, "×", 0.4, rounds),
    result("head-share", "bytes of the largest head over the backbone's", share, "×", 0.02, tasks.length),
  ];
}
