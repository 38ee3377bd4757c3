import type { Components } from "../build/classifier.ts";
import { deriveGradients } from "../gradients/derive-gradients.ts";
import type { ExecutionProvider } from "../gradients/execution-provider.ts";
import { lowerTrainingOperators } from "../gradients/lower-training-operators.ts";
import { type BatchStatistics, withBatchStatistics } from "../gradients/training-mode.ts";
import { attribute, type Dimension, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar, int64Tensor } from "../graph/tensor.ts";
import { type Composition, compose, type Origin } from "./compose.ts";
import { addCrossEntropy } from "./cross-entropy.ts";
import { type DropoutMask, isMasked, shapedMasks, withDropoutMasks } from "./dropout-masks.ts";
import { moveReluBehindMaxPool } from "./move-relu-behind-max-pool.ts";
import type { Optimiser } from "./optimisers/optimiser.ts";
import { type OptimiserChoice, optimiserFor } from "./optimisers/optimiser-list.ts";
import { layOutParameters, type ParameterSlot } from "./parameters.ts";

/** How to train: the optimiser, Adam unless chosen, each head's share of the loss and what stays as it is. */
export interface TrainingOptions {
  readonly batch: number;
  readonly optimiser?: OptimiserChoice;
  /** Weight of each head in the total loss, 1 where not named. */
  readonly heads?: Readonly<Record<string, number>>;
  readonly provider?: ExecutionProvider;
  /** Leaves weights out of training, such as a frozen backbone; all are trained by default. */
  readonly isTrained?: (origin: Origin) => boolean;
}

/** Where one layer's batch statistics lie in the flat outputs `batchMean` and `batchVariance`. */
export interface StatisticsSlot {
  readonly mean: Origin;
  readonly variance: Origin;
  readonly channels: number;
  readonly offset: number;
  /** Values per channel that one batch's statistics are taken over. */
  readonly values: number;
}

/**
 * One training step as an ONNX graph.
 * in: `image`, per head `labels.<head>` [B, C] (a distribution) and `weights.<head>` [B], a factor for each of `masks`, the flat
 * vectors `parameters` and the optimiser's moments [P], and its scalars [1] (see `stepInputs`)
 * out: `parameters.next` and the moments' [P], `loss`, `loss.<head>`, `batchMean`, `batchVariance` (see `takeStep`)
 */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly optimiser: Optimiser;
  readonly masks: readonly DropoutMask[];
  readonly parameters: readonly ParameterSlot[];
  readonly statistics: readonly StatisticsSlot[];
}

/**
 * Derives the training step of a model: composition, batch statistics, loss, gradients, optimiser, lowering.
 * @throws {CompilerError} `no-gradient-rule` naming the operator that cannot be trained through
 */
export function buildTrainingGraph(components: Components, options: TrainingOptions): TrainingGraph {
  const composition = compose(components);
  const parameters = layOutParameters(composition.graph, composition.origins, options.isTrained ?? (() => true));
  const training = withBatchStatistics(moveReluBehindMaxPool(composition.graph));
  const optimiser = optimiserFor(options.optimiser ?? { kind: "adam" });
  const builder = new GraphBuilder("training-step");
  const { graph, masks } = withDropoutMasks(training.graph);
  addForward(builder, graph, { parameters, moments: optimiser.moments, batch: options.batch });
  const loss = addLosses(builder, composition, options);
  const gradients = deriveGradients(builder, { loss, by: parameters.map((slot) => slot.name) });
  addOptimiser(builder, parameters, gradients, optimiser);
  const statistics = addStatistics(builder, training.statistics, composition);
  const lowered = lowerTrainingOperators(builder.build(), options.provider ?? "cpu");
  return { graph: lowered, optimiser, masks: shapedMasks(builder, masks), parameters, statistics };
}

interface Forward {
  readonly parameters: readonly ParameterSlot[];
  readonly moments: readonly string[];
  readonly batch: number;
}

function addForward(builder: GraphBuilder, graph: Graph, { parameters, moments, batch }: Forward): void {
  for (const input of graph.inputs) builder.input(input.name, input.dtype, withBatch(input.shape ?? [], batch));
  const trained = new Set(parameters.map((slot) => slot.name));
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  for (const [name, tensor] of graph.initializers) {
    if (!trained.has(name) && used.has(name)) builder.initializer(name, tensor);
  }
  builder.reserve(graph.nodes.flatMap((node) => node.outputs));
  splitParameters(builder, parameters, moments);
  for (const node of graph.nodes) {
    if (isMasked(node)) builder.input(node.inputs[1]!, "float32", builder.shapeOf(node.inputs[0]!));
    builder.append(node);
  }
}

function withBatch(shape: readonly Dimension[], batch: number): readonly Dimension[] {
  return [batch, ...shape.slice(1)];
}

function splitParameters(
  builder: GraphBuilder,
  parameters: readonly ParameterSlot[],
  moments: readonly string[],
): void {
  const total = parameters.reduce((sum, slot) => sum + slot.count, 0);
  for (const name of ["parameters", ...moments]) builder.input(name, "float32", [total]);
  const counts = builder.constant(int64Tensor(parameters.map((slot) => slot.count)));
  const flat = parameters.map((slot) => `${slot.name}.flat`);
  builder.addMany("Split", ["parameters", counts], { outputs: flat, attributes: { axis: attribute.int(0) } });
  for (const [index, slot] of parameters.entries()) {
    builder.add("Reshape", [flat[index]!, builder.constant(int64Tensor(slot.shape))], { outputs: [slot.name] });
  }
}

function addLosses(builder: GraphBuilder, composition: Composition, options: TrainingOptions): string {
  const losses = composition.graph.outputs.map(({ name }) => {
    const [batch, classes] = builder.shapeOf(name) as [number, number];
    const targets = builder.input(`labels.${name}`, "float32", [batch, classes]);
    const weights = builder.input(`weights.${name}`, "float32", [batch]);
    const loss = addCrossEntropy(builder, name, targets, weights, `loss.${name}`);
    builder.output(loss);
    return builder.add("Mul", [loss, builder.constant(floatScalar(options.heads?.[name] ?? 1))]);
  });
  const sum = losses.reduce((left, right) => builder.add("Add", [left, right]));
  builder.output(builder.add("Identity", [sum], { outputs: ["loss"] }));
  return "loss";
}

function addOptimiser(
  builder: GraphBuilder,
  parameters: readonly ParameterSlot[],
  gradients: ReadonlyMap<string, string>,
  optimiser: Optimiser,
): void {
  const flat = parameters.map((slot) => {
    const shape = builder.constant(int64Tensor([slot.count]));
    return builder.add("Reshape", [gradients.get(slot.name)!, shape]);
  });
  const gradient = builder.add("Concat", flat, { attributes: { axis: attribute.int(0) } });
  const scalar = (name: string) => builder.input(name, "float32", [1]);
  const state = { parameters: "parameters", moment1: "moment1", moment2: "moment2" };
  optimiser.addStep(builder, { ...state, gradient, scalar });
  for (const name of ["parameters", ...optimiser.moments]) builder.output(`${name}.next`);
}

function addStatistics(
  builder: GraphBuilder,
  statistics: readonly BatchStatistics[],
  { graph, origins }: Composition,
): readonly StatisticsSlot[] {
  if (statistics.length === 0) return [];
  const axis = { axis: attribute.int(0) };
  for (const [kind, output] of [
    ["mean", "batchMean"],
    ["variance", "batchVariance"],
  ] as const) {
    builder.output(
      builder.add(
        "Concat",
        statistics.map((one) => one.batch[kind]),
        { attributes: axis, outputs: [output] },
      ),
    );
  }
  let offset = 0;
  return statistics.map(({ running, node }) => {
    const channels = graph.initializers.get(running.mean)!.shape[0]!;
    const values = builder.shapeOf(node).reduce((product, size) => product * size, 1) / channels;
    offset += channels;
    const [mean, variance] = [origins.get(running.mean)!, origins.get(running.variance)!];
    return { mean, variance, channels, values, offset: offset - channels };
  });
}
