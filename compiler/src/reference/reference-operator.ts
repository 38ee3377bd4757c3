import type { Node } from "../graph/graph.ts";
import type { Reals } from "./reals.ts";

/**
 * One operator, computed in the plainest way: every input that is there, and the shapes of its outputs as inference gives
 * them. Follows the ONNX operator specification; speed does not matter.
 */
export type ReferenceOperator = (context: ReferenceContext) => readonly Reals[];

/** What an operator may look at. */
export interface ReferenceContext {
  readonly node: Node;
  /** An input by its position; asking for one that is absent is a programming mistake. */
  input(position: number): Reals;
  has(position: number): boolean;
  /** Integers of an input that holds axes, pads or sizes. */
  integers(position: number): readonly number[] | undefined;
  /** The shape that inference gives an output. */
  outputShape(position?: number): readonly number[];
}
