import type { Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { batchNorm, conv, dense, flatten, globalAveragePool, maxPool, relu } from "./layers.ts";
import { createRandom, type Random } from "./random.ts";

/** A head to build: its name, which is also its output's name, and how many classes it tells apart. */
export interface HeadShape {
  readonly name: string;
  readonly classes: number;
}

/** The size of an image classifier: one block of convolution, batch norm, ReLU and 2 × 2 pooling per channel count. */
export interface ClassifierShape {
  readonly imageSize: number;
  readonly channels: readonly number[];
  readonly embeddingSize: number;
  readonly heads: readonly HeadShape[];
  readonly seed: number;
  /**
   * What the embedding sees of the last block: `positions` every value (the default), `average` one mean per channel.
   * On 43 road signs the mean alone costs 20 points, since it forgets where in the sign a stroke lies.
   */
  readonly features?: "positions" | "average";
}

/** The graphs of one model version: the shared bottom and what sits on its embedding, by name. */
export interface Components {
  /** `image` float32 [N, 3, S, S] → `embedding` float32 [N, E] */
  readonly backbone: Graph;
  /** `embedding` float32 [N, E] → `<head>` logits float32 [N, classes] */
  readonly heads: Readonly<Record<string, Graph>>;
}

/** Builds an untrained classifier; the same shape and seed give the same weights. */
export function buildClassifier(shape: ClassifierShape): Components {
  const random = createRandom(shape.seed);
  const backbone = buildBackbone(shape, random);
  return {
    backbone,
    heads: Object.fromEntries(shape.heads.map((head) => [head.name, buildHead(head, shape, random)])),
  };
}

/** Builds one untrained head, as when classes are added to a trained backbone. */
export function buildHead(head: HeadShape, shape: { readonly embeddingSize: number }, random: Random): Graph {
  const builder = new GraphBuilder(head.name);
  const embedding = builder.input("embedding", "float32", ["N", shape.embeddingSize]);
  builder.output(
    dense(builder, embedding, {
      name: `${head.name}.dense`,
      features: head.classes,

      random,
      output: head.name,
    }),
  );
  return builder.build();
}

function buildBackbone(shape: ClassifierShape, random: Random): Graph {
  const builder = new GraphBuilder("backbone");
  let value = builder.input("image", "float32", ["N", 3, shape.imageSize, shape.imageSize]);
  for (const [index, channels] of shape.channels.entries()) {
    const block = `block${index + 1}`;
    value = conv(builder, value, { name: `${block}.conv`, channels, kernel: 3, random });
    value = batchNorm(builder, value, `${block}.norm`);
    value = relu(builder, value, `${block}.relu.out`);
    value = maxPool(builder, value, 2, `${block}.pool.out`);
  }
  value =
    shape.features === "average" ? globalAveragePool(builder, value, "features") : flatten(builder, value, "features");
  value = dense(builder, value, { name: "embedding.dense", features: shape.embeddingSize, random });
  builder.output(relu(builder, value, "embedding"));
  return builder.build();
}
