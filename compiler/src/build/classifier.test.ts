import assert from "node:assert/strict";
import { test } from "node:test";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { serializeModel } from "../graph/model.ts";
import { printGraph } from "../graph/print-graph.ts";
import { buildClassifier } from "./classifier.ts";
import { createRandom } from "./random.ts";

const shape = { imageSize: 16, channels: [4, 8], embeddingSize: 6, heads: [{ name: "sign", classes: 3 }], seed: 1 };

test("builds a backbone and heads that run as one, for any batch", async () => {
  const { backbone, heads } = buildClassifier(shape);
  const engine = await startInlineEngine();
  const graphs = Object.entries({ backbone, ...heads }).map(([name, graph]) => ({
    name,
    bytes: serializeModel(graph),
  }));
  const model = await engine.load(graphs);
  for (const batch of [1, 3]) {
    const image = {
      dtype: "float32" as const,
      shape: [batch, 3, 16, 16],
      data: new Float32Array(batch * 768).fill(0.5),
    };
    const { outputs } = await model.run({ image });
    assert.deepEqual(outputs.embedding?.shape, [batch, 6]);
    assert.deepEqual(outputs.sign?.shape, [batch, 3]);
  }
  await engine.close();
});

test("gives the same bytes for the same seed and others for another", () => {
  const bytes = (seed: number) => serializeModel(buildClassifier({ ...shape, seed }).backbone);
  assert.deepEqual(bytes(1), bytes(1));
  assert.notDeepEqual(bytes(1), bytes(2));
});

test("prints as text what it holds", () => {
  const { backbone } = buildClassifier({ ...shape, channels: [4], features: "average" });
  assert.equal(
    printGraph(backbone),
    [
      "graph backbone (opset 17)",
      "  reads image : float32 [N, 3, 16, 16]",
      "  const block1.conv.weight : float32 [4, 3, 3, 3], 432 bytes",
      "  const block1.norm.scale : float32 [4] = [1, 1, 1, 1]",
      "  const block1.norm.bias : float32 [4] = [0, 0, 0, 0]",
      "  const block1.norm.mean : float32 [4] = [0, 0, 0, 0]",
      "  const block1.norm.variance : float32 [4] = [1, 1, 1, 1]",
      "  const embedding.dense.weight : float32 [6, 4], 96 bytes",
      "  const embedding.dense.bias : float32 [6] = [0, 0, 0, 0, 0, 0]",
      "  block1.conv.out = Conv(image, block1.conv.weight) {kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1]} : float32 [N, 4, 16, 16]",
      "  block1.norm.out = BatchNormalization(block1.conv.out, block1.norm.scale, block1.norm.bias, block1.norm.mean, block1.norm.variance) {epsilon: 0.00001} : float32 [N, 4, 16, 16]",
      "  block1.relu.out = Relu(block1.norm.out) : float32 [N, 4, 16, 16]",
      "  block1.pool.out = MaxPool(block1.relu.out) {kernel_shape: [2, 2], strides: [2, 2]} : float32 [N, 4, 8, 8]",
      "  features.mean = GlobalAveragePool(block1.pool.out) : float32 [N, 4, 1, 1]",
      "  features = Flatten(features.mean) {axis: 1} : float32 [N, 4]",
      "  embedding.dense.out = Gemm(features, embedding.dense.weight, embedding.dense.bias) {transB: 1} : float32 [N, 6]",
      "  embedding = Relu(embedding.dense.out) : float32 [N, 6]",
      "  gives embedding : float32 [N, 6]",
    ].join("\n"),
  );
});

test("draws numbers that look uniform and normal and goes on from a saved state", () => {
  const random = createRandom(9);
  const uniform = Array.from({ length: 20_000 }, () => random.uniform());
  const normal = Array.from({ length: 20_000 }, () => random.normal());
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01);
  assert.ok(Math.abs(mean(normal)) < 0.03 && Math.abs(mean(normal.map((value) => value ** 2)) - 1) < 0.05);
  const saved = createRandom(random.state());
  assert.deepEqual([saved.uniform(), saved.below(10)], [random.uniform(), random.below(10)]);
});
