import type { Components } from "../build/classifier.ts";
import type { Random } from "../build/random.ts";
import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { elementCount, floatsOf, floatTensor, type Tensor } from "../graph/tensor.ts";
import { backboneName, type Origin } from "./compose.ts";
import type { Moment } from "./optimisers/optimiser.ts";
import type { StatisticsSlot, TrainingGraph } from "./training-graph.ts";

/** All that changes while training: flat vectors, laid out by the training graph's slots; a moment may be empty. */
export interface TrainingState {
  parameters: Float32Array;
  moment1: Float32Array;
  moment2: Float32Array;
  readonly runningMean: Float32Array;
  readonly runningVariance: Float32Array;
}

/** The state in which training a model begins: its weights and running statistics, moments 0. */
export function initialState(components: Components, training: TrainingGraph): TrainingState {
  const parameters = new Float32Array(training.parameters.reduce((sum, slot) => sum + slot.count, 0));
  for (const slot of training.parameters) parameters.set(floatsOf(tensorAt(components, slot)), slot.offset);
  return {
    parameters,
    moment1: moment(training, "moment1", parameters.length),
    moment2: moment(training, "moment2", parameters.length),
    runningMean: joined(training.statistics, (slot) => floatsOf(tensorAt(components, slot.mean))),
    runningVariance: joined(training.statistics, (slot) => floatsOf(tensorAt(components, slot.variance))),
  };
}

/** A float32 tensor as engines take and give it. */
export interface FloatVector {
  readonly dtype: "float32";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a step reads beside its batch: the state, the optimiser's scalars and a mask for each Dropout. */
export interface StepOptions {
  readonly learningRate: number;
  /** 1, 2, … */
  readonly step: number;
  /** Where masks come from; needed by graphs that have any. */
  readonly random?: Random;
}

/** The inputs of a step that do not depend on the data. */
export function stepInputs(
  training: TrainingGraph,
  state: TrainingState,
  { learningRate, step, random }: StepOptions,
): Readonly<Record<string, FloatVector>> {
  const { optimiser, masks } = training;
  const vector = (data: Float32Array, shape: readonly number[] = [data.length]): FloatVector => {
    return { dtype: "float32", shape, data };
  };
  const vectors = ["parameters" as const, ...optimiser.moments].map((name) => [name, vector(state[name])]);
  const scalars = Object.entries(optimiser.scalars(learningRate, step)).map(([name, value]) => [
    name,
    vector(Float32Array.of(value)),
  ]);
  const drawn = masks.map(({ name, ratio, shape }) => [name, vector(maskOf(ratio, shape, random), shape)]);
  return Object.fromEntries([...vectors, ...scalars, ...drawn]);
}

/** Takes a step's outputs into the state; momentum: of the running statistics. */
export function takeStep(
  training: TrainingGraph,
  state: TrainingState,
  outputs: Readonly<Record<string, { readonly data: unknown }>>,
  momentum: number,
): void {
  const floats = (name: string) => outputs[name]!.data as Float32Array; // every output of a training graph is float32
  for (const name of ["parameters" as const, ...training.optimiser.moments]) state[name] = floats(`${name}.next`);
  if (training.statistics.length === 0) return;
  const batch = { mean: floats("batchMean"), variance: floats("batchVariance") };
  updateRunningStatistics(state, training.statistics, batch, momentum);
}

/**
 * Moves the running statistics towards those of one batch: r ← (1 − momentum)·r + momentum·batch, with the variance
 * made unbiased (n / (n − 1)) as PyTorch does.
 */
function updateRunningStatistics(
  state: TrainingState,
  slots: readonly StatisticsSlot[],
  batch: { readonly mean: Float32Array; readonly variance: Float32Array },
  momentum: number,
): void {
  for (const slot of slots) {
    const unbiased = slot.values / Math.max(1, slot.values - 1);
    for (let index = slot.offset; index < slot.offset + slot.channels; index++) {
      const mean = state.runningMean[index]!;
      const variance = state.runningVariance[index]!;
      state.runningMean[index] = mean + momentum * (batch.mean[index]! - mean);
      state.runningVariance[index] = variance + momentum * (batch.variance[index]! * unbiased - variance);
    }
  }
}

/** The model with the state's weights and running statistics in place of its own. */
export function trainedComponents(components: Components, training: TrainingGraph, state: TrainingState): Components {
  const changed = new Map<string, Map<string, Tensor>>();
  const put = ({ component, initializer }: Origin, values: Float32Array, shape: readonly number[]) => {
    const tensors = changed.get(component) ?? new Map<string, Tensor>();
    changed.set(component, tensors.set(initializer, floatTensor(values, shape)));
  };
  for (const slot of training.parameters) {
    put(slot, state.parameters.slice(slot.offset, slot.offset + slot.count), slot.shape);
  }
  for (const slot of training.statistics) {
    const end = slot.offset + slot.channels;
    put(slot.mean, state.runningMean.slice(slot.offset, end), [slot.channels]);
    put(slot.variance, state.runningVariance.slice(slot.offset, end), [slot.channels]);
  }
  const replaced = (component: string, graph: Graph): Graph => ({
    ...graph,
    initializers: new Map(
      [...graph.initializers].map(([name, tensor]) => [name, changed.get(component)?.get(name) ?? tensor]),
    ),
  });
  return {
    backbone: replaced(backboneName, components.backbone),
    heads: Object.fromEntries(Object.entries(components.heads).map(([name, head]) => [name, replaced(name, head)])),
  };
}

function moment({ optimiser }: TrainingGraph, name: Moment, length: number): Float32Array {
  return new Float32Array(optimiser.moments.includes(name) ? length : 0);
}

function maskOf(ratio: number, shape: readonly number[], random: Random | undefined): Float32Array {
  if (random === undefined) {
    throw new CompilerError("invalid-argument", "Expected a source of randomness for Dropout, got none; pass one.");
  }
  const kept = 1 / (1 - ratio);
  return Float32Array.from({ length: elementCount(shape) }, () => (random.uniform() < ratio ? 0 : kept));
}

function tensorAt(components: Components, { component, initializer }: Origin): Tensor {
  const graph = component === backboneName ? components.backbone : components.heads[component]!;
  return graph.initializers.get(initializer)!;
}

function joined(slots: readonly StatisticsSlot[], valuesOf: (slot: StatisticsSlot) => Float32Array): Float32Array {
  const all = new Float32Array(slots.reduce((sum, slot) => sum + slot.channels, 0));
  for (const slot of slots) all.set(valuesOf(slot), slot.offset);
  return all;
}
