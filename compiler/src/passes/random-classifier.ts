import { buildClassifier, type Components } from "../build/classifier.ts";
import type { Graph } from "../graph/graph.ts";
import { floatTensor, type Tensor } from "../graph/tensor.ts";
import { seededRandom } from "../statistics/index.ts";

/** The rendered world's network with random weights and random running statistics, so that folding has work to do; for tests. */
export function randomClassifier(features: "positions" | "average" = "positions"): Components {
  const seed = 1;
  const heads = [
    { name: "sign", classes: 12 },
    { name: "category", classes: 4 },
  ];
  const shape = { imageSize: 32, channels: [16, 32, 64], embeddingSize: 64, features, heads, seed };
  const { backbone, heads: built } = buildClassifier(shape);
  return { backbone: withRandomStatistics(backbone, seed), heads: built };
}

/** Images of waves, brightness and noise, for tests: raw RGB of 32 × 32. */
export function randomImages(count: number, seed: number): { data: Uint8Array; width: number; height: number }[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const [light, across, down] = [40 + 180 * random(), 0.5 * random(), 0.5 * random()];
    const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, index) => {
      const pixel = Math.floor(index / 3);
      const wave = Math.sin((pixel % 32) * across + (index % 3)) + Math.cos(Math.floor(pixel / 32) * down);
      return Math.max(0, Math.min(255, light + 50 * wave + 20 * random()));
    });
    return { data, width: 32, height: 32 };
  });
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  scale: [0.5, 1.5],
  bias: [-0.2, 0.2],
  mean: [-0.2, 0.2],
  variance: [0.5, 2],
};

function withRandomStatistics(graph: Graph, seed: number): Graph {
  const random = seededRandom(`statistics ${seed}`);
  const changed = [...graph.initializers].map(([name, tensor]): [string, Tensor] => {
    const range = name.includes(".norm.") ? ranges[name.split(".").at(-1)!] : undefined;
    if (range === undefined) return [name, tensor];
    const values = Array.from({ length: tensor.shape[0]! }, () => range[0] + (range[1] - range[0]) * random());
    return [name, floatTensor(values)];
  });
  return { ...graph, initializers: new Map(changed) };
}
