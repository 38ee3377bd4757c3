import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";
import { attribute, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { floatsOf, floatTensor, integersOf } from "../graph/tensor.ts";
import { runPasses } from "../passes/pass.ts";
import { floatPasses } from "../passes/pass-list.ts";
import { randomClassifier, randomImages } from "../passes/random-classifier.ts";
import { seededRandom } from "../statistics/index.ts";
import { batchOf } from "../targets/image-batches.ts";
import { chooseActivations } from "./activation-choice.ts";
import { calibratedActivations, mergeObservations, observeActivations } from "./calibrate.ts";
import { emptyHistogram, histogramOf, mergeHistograms } from "./histogram.ts";
import { lowerToQdq, quantizedConstant, roundHalfToEven } from "./lower-to-qdq.ts";
import { planQuantization, weightParameters } from "./plan-quantization.ts";
import { chooseRange, rangeMethods } from "./range-choice.ts";

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

test("histograms of any order and any grouping agree bin for bin", () => {
  const random = seededRandom(1);
  for (let trial = 0; trial < 50; trial += 1) {
    const parts = Array.from({ length: 5 }, () => {
      const size = 10 ** (6 * random() - 3);
      return Array.from({ length: 40 }, () => (random() - 0.3) * size);
    });
    const whole = histogramOf(parts.flat());
    const forward = parts.map(histogramOf).reduce(mergeHistograms, emptyHistogram());
    const backward = parts.map(histogramOf).reduceRight(mergeHistograms, emptyHistogram());
    const [a, b, c, d, e] = parts.map(histogramOf);
    const sharded = mergeHistograms(mergeHistograms(d!, b!), mergeHistograms(mergeHistograms(a!, e!), c!));
    for (const merged of [forward, backward, sharded]) assert.deepEqual(merged, whole);
  }
});

test("a histogram is anchored at zero, counts everything finite and nothing else", () => {
  const histogram = histogramOf([0, 0, -1, 1, 3.9, NaN, Infinity]);
  assert.equal(histogram.total, 5);
  assert.equal(
    histogram.counts.reduce((sum, count) => sum + count, 0),
    5,
  );
  assert.equal(histogram.counts[2048], 2);
  assert.equal(histogram.counts[2048 + Math.floor(3.9 / 2 ** histogram.exponent)], 1);
  assert.equal(mergeHistograms(histogramOf([0, 0]), histogramOf([4])).counts[2048], 2);
});

test("minmax takes all, percentile clips a lone outlier, least error weighs it against the rest", () => {
  const random = seededRandom(2);
  const values = Float32Array.from({ length: 300_000 }, () => Math.max(0, random() + random() + random() - 1.5));
  values[7] = 30;
  const histogram = histogramOf(values);
  assert.equal(chooseRange(histogram, "minmax").max, 30);
  const percentile = chooseRange(histogram, "percentile");
  assert.ok(percentile.max < 1.6 && percentile.max > 1.3 && percentile.min === 0);
  const leastError = chooseRange(histogram, "mse").max;
  assert.ok(leastError < 28 && leastError > percentile.max, `${leastError}`);
});

test("every method keeps zero in range and refuses a histogram of nothing by code", () => {
  for (const method of rangeMethods) {
    const range = chooseRange(histogramOf([5, 6, 7]), method);
    assert.equal(range.min, 0);
    assert.ok(range.max > 0);
    assert.throws(() => chooseRange(emptyHistogram(), method), isError("empty-histogram"));
  }
});

test("ties are rounded to even, as the operators round them", () => {
  const rounded = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 2.51].map((value) => roundHalfToEven(value) + 0);
  assert.deepEqual(rounded, [0, 2, 2, 0, -2, -2, 0, 3]);
});

test("weights get a symmetric scale per channel that holds the largest, dead channels a scale of one", () => {
  const weight = floatTensor([1.2, -2, 0.5, 0.2, 0, 0], [3, 2]);
  for (const [bits, largest] of [
    [8, 127],
    [7, 63],
  ] as const) {
    const parameters = weightParameters(weight, 0, bits);
    const [first, second, dead] = parameters.scale;
    assert.ok(first! >= Math.fround(2 / largest) && first! < 2.2 / largest);
    assert.ok(second! >= Math.fround(0.5 / largest) && second! < 0.55 / largest);
    assert.equal(dead, 1);
    integersOf(quantizedConstant(weight, parameters)).forEach((level, index) => {
      const scale = parameters.scale[Math.floor(index / 2)]!;
      assert.ok(Math.abs(level) <= largest && Math.abs(level * scale - floatsOf(weight)[index]!) <= scale);
    });
  }
  assert.equal(weightParameters(weight, 1, 8).scale.length, 2);
});

test("the chosen scale meets a channel's sum better than the tightest one does", () => {
  const random = seededRandom(13);
  const weight = floatTensor(
    Array.from({ length: 32 * 27 }, () => random() - 0.45),
    [32, 3, 3, 3],
  );
  const lost = (scale: Float32Array) => {
    const parameters = { ...weightParameters(weight, 0, 7), scale };
    const integers = integersOf(quantizedConstant(weight, parameters));
    const sums = Array.from(scale, (each, channel) =>
      integers
        .slice(channel * 27, channel * 27 + 27)
        .reduce((sum, level, at) => sum + level * each - floatsOf(weight)[channel * 27 + at]!, 0),
    );
    return sums.reduce((sum, error) => sum + error * error, 0);
  };
  const tightest = Float32Array.from({ length: 32 }, (_, channel) => {
    return (
      Math.max(
        ...floatsOf(weight)
          .slice(channel * 27, channel * 27 + 27)
          .map(Math.abs),
      ) / 63
    );
  });
  const ratio = lost(weightParameters(weight, 0, 7).scale) / lost(tightest);
  assert.ok(ratio < 0.5, `loses ${ratio} of what the tightest scale loses`);
});

test("the bytes of the image are taken as they are, and outputs of the graph stay float", () => {
  const graph = simplified();
  const choices = [...chooseActivations(graph)].map(([, choice]) => choice.kind).sort();
  assert.equal(choices.filter((kind) => kind === "bytes").length, 1);
  assert.equal(choices.filter((kind) => kind === "same-as").length, 4);
  assert.equal(calibratedActivations(graph).length, 4);
  assert.ok(!calibratedActivations(graph).includes("embedding"));
});

test("calibration over shards merges to the whole, and a plan names where every number came from", async () => {
  const graph = simplified();
  const images = randomImages(24, 3);
  const observe = (from: number, to: number) =>
    observeActivations(graph, engine, [{ image: batchOf(images.slice(from, to)) }]);
  const whole = await observe(0, 24);
  const merged = mergeObservations(await observe(10, 24), await observe(0, 10));
  const options = { weightBits: 8, method: "mse" } as const;
  const plan = planQuantization(graph, whole, options);
  assert.deepEqual([...planQuantization(graph, merged, options).keys()], [...plan.keys()]);
  const sources = [...plan.values()].map(({ source }) => source.kind);
  for (const [kind, howMany] of Object.entries({ bytes: 1, range: 4, "same-as": 4, weight: 4, bias: 4 })) {
    assert.equal(sources.filter((each) => each === kind).length, howMany, kind);
  }
});

test("a lowered convolution equals integer arithmetic done by hand", async () => {
  const random = seededRandom(8);
  const graph = singleConvolution(random);
  const image = {
    dtype: "uint8",
    shape: [1, 5, 5, 3],
    data: Uint8Array.from({ length: 75 }, () => random() * 256),
  } as const;
  const simplifiedGraph = runPasses(graph, floatPasses);
  const plan = planQuantization(simplifiedGraph, await observeActivations(simplifiedGraph, engine, [{ image }]), {
    weightBits: 7,
    method: "minmax",
  });
  const lowered = runPasses(simplifiedGraph, [lowerToQdq(plan)]);
  const model = await engine.load([{ name: "one", bytes: serializeModel(lowered) }]);
  const { outputs } = await model.run({ image });
  const reference = integerReference(simplifiedGraph, plan, image.data);
  const step = [...plan.values()].find(({ source }) => source.kind === "range")!.scale[0]!;
  outputs.embedding!.data.forEach((value, index) => {
    assert.ok(Math.abs(Number(value) - reference[index]!) <= step * 1.001, `value ${index} is more than one step away`);
  });
});

test("a bias far beyond its scale widens the weights' scale instead of overflowing", async () => {
  const builder = new GraphBuilder("far");
  const value = builder.input("embedding", "float32", ["N", 2]);
  const weight = builder.constant(floatTensor([1e-9, 1e-9, 1, 1], [2, 2]));
  const bias = builder.constant(floatTensor([1000, 1]));
  builder.output(
    builder.add("Gemm", [value, weight, bias], { outputs: ["far"], attributes: { transB: attribute.int(1) } }),
  );
  const graph = builder.build();
  const input = { embedding: { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, 2) } } as const;
  const plan = planQuantization(graph, await observeActivations(graph, engine, [input]), {
    weightBits: 7,
    method: "minmax",
  });
  const model = await engine.load([{ name: "far", bytes: serializeModel(runPasses(graph, [lowerToQdq(plan)])) }]);
  const { outputs } = await model.run(input);
  const [far, near] = outputs.far!.data;
  assert.ok(Math.abs(Number(far) - 1000) < 0.1 && Math.abs(Number(near) - 4) < 0.05, `${far}, ${near}`);
});

function simplified(): Graph {
  return runPasses(randomClassifier("average").backbone, floatPasses);
}

function singleConvolution(random: () => number): Graph {
  const builder = new GraphBuilder("one");
  const pixels = builder.input("image", "float32", ["N", 3, 5, 5]);
  const draw = (shape: readonly number[], size: number) =>
    builder.constant(
      floatTensor(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (random() - 0.5) * size),
        shape,
      ),
    );
  const conv = builder.add("Conv", [pixels, draw([4, 3, 3, 3], 1), draw([4], 0.5)]);
  const flat = builder.add("Flatten", [builder.add("Relu", [conv])]);
  const identity = Float32Array.from({ length: 36 * 36 }, (_, index) => (index % 37 === 0 ? 1 : 0));
  builder.output(
    builder.add("MatMul", [flat, builder.constant(floatTensor(identity, [36, 36]))], { outputs: ["embedding"] }),
  );
  return builder.build();
}

/** Conv + ReLU by definition, on the plan's integers: acc = Σ (q − 128)·w + b, real = acc · s_x·s_w, clipped to the range. */
function integerReference(graph: Graph, plan: ReturnType<typeof planQuantization>, bytes: Uint8Array): number[] {
  const conv = graph.nodes.find((node) => node.op === "Conv")!;
  const [input, weightName, biasName] = conv.inputs;
  const weight = integersOf(quantizedConstant(graph.initializers.get(weightName!)!, plan.get(weightName!)!));
  const bias = integersOf(quantizedConstant(graph.initializers.get(biasName!)!, plan.get(biasName!)!));
  const scales = plan.get(weightName!)!.scale;
  const output = [...plan.values()].find(({ source }) => source.kind === "range")!;
  assert.equal(floatsOf(graph.initializers.get(weightName!)!).length, 108);
  return Array.from({ length: 36 }, (_, index) => {
    const [channel, row, column] = [Math.floor(index / 9), Math.floor((index % 9) / 3), index % 3];
    let sum = bias[channel]!;
    for (let plane = 0; plane < 3; plane += 1)
      for (let down = 0; down < 3; down += 1)
        for (let across = 0; across < 3; across += 1) {
          const byte = bytes[((row + down) * 5 + column + across) * 3 + plane]!;
          sum += (byte - 128) * weight[((channel * 3 + plane) * 3 + down) * 3 + across]!;
        }
    const real = Math.max(0, sum * plan.get(input!)!.scale[0]! * scales[channel]!);
    return Math.min(255, roundHalfToEven(real / output.scale[0]!)) * output.scale[0]!;
  });
}

function isError(code: string) {
  return (error: unknown) => error instanceof CompilerError && error.code === code;
}
