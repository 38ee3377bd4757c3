import type { Graph } from "../graph/graph.ts";
import { elementCount } from "../graph/tensor.ts";
import type { Origin } from "./compose.ts";

/** Where one trained tensor lies in the flat vector of all parameters. */
export interface ParameterSlot extends Origin {
  /** Its name in the composed graph. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
}

/** Inputs of each operator that hold what training changes; a constant anywhere else stays as it is. */
const parameterInputs: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  Gemm: [1, 2],
  MatMul: [0, 1],
};

/** The trained tensors of a composed graph in order of use, one behind the other; `isTrained` may leave some out. */
export function layOutParameters(
  graph: Graph,
  origins: ReadonlyMap<string, Origin>,
  isTrained: (origin: Origin) => boolean,
): readonly ParameterSlot[] {
  const names = new Set(
    graph.nodes.flatMap((node) => (parameterInputs[node.op] ?? []).map((index) => node.inputs[index] ?? "")),
  );
  let offset = 0;
  return [...names].flatMap((name) => {
    const tensor = graph.initializers.get(name);
    const origin = origins.get(name);
    if (tensor?.dtype !== "float32" || origin === undefined || !isTrained(origin)) return [];
    const count = elementCount(tensor.shape);
    offset += count;
    return [{ ...origin, name, shape: tensor.shape, offset: offset - count, count }];
  });
}
