import type { GraphBuilder } from "../../graph/graph-builder.ts";

/** State vectors that an optimiser may keep beside the parameters, each [P]. */
export type Moment = "moment1" | "moment2";

/** Names of the flat vectors that one step reads. */
export interface StepValues {
  readonly parameters: string;
  readonly gradient: string;
  readonly moment1: string;
  readonly moment2: string;
  /** Scalars [1] that come in with every step, by what `scalars` calls them. */
  readonly scalar: (name: string) => string;
}

/** How parameters follow their gradient. */
export interface Optimiser {
  /** The state it keeps; absent vectors are neither inputs nor outputs of the step. */
  readonly moments: readonly Moment[];
  /** What comes in with a step, from the recipe's learning rate and the step's number (1, 2, …). */
  readonly scalars: (learningRate: number, step: number) => Readonly<Record<string, number>>;
  /** Adds the step; its outputs are `parameters.next` and `<moment>.next` for each of `moments`. */
  readonly addStep: (builder: GraphBuilder, values: StepValues) => void;
}
