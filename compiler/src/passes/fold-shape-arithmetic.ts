import {
  type Dimension,
  type Graph,
  intAttribute,
  isGraphOutput,
  type Node,
  opsetOf,
  type ValueType,
} from "../graph/graph.ts";
import { inferNode, inferTypes } from "../graph/infer-types.ts";
import { exactIntegers, type ShapeValue, shapeValueOfNode, shapeValueOfTensor } from "../graph/shape-value.ts";
import { int64Tensor, type Tensor } from "../graph/tensor.ts";
import { freshNames } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

/**
 * Computes what a graph computes from shapes alone, as exporters write `x.view(x.size(0), -1)`: sizes that are known become
 * constants, and a Reshape to symbolic sizes that its input has in the same places copies them.
 */
export const foldShapeArithmetic: Pass = {
  name: "fold-shape-arithmetic",
  apply(graph) {
    const folding = new Folding(graph);
    const nodes = graph.nodes.flatMap((node) => folding.fold(node));
    return inferTypes({ ...graph, nodes, initializers: folding.initializers });
  },
};

class Folding {
  readonly initializers: Map<string, Tensor>;
  readonly #graph: Graph;
  readonly #types: Map<string, ValueType>;
  readonly #values = new Map<string, ShapeValue>();
  readonly #fresh: (wish: string) => string;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.initializers = new Map(graph.initializers);
    this.#fresh = freshNames(graph);
    const inputs = graph.inputs.filter(({ proto }) => proto === undefined);
    this.#types = new Map<string, ValueType>([...graph.types, ...inputs.map((input) => [input.name, input] as const)]);
    for (const [name, tensor] of graph.initializers) {
      this.#types.set(name, { dtype: tensor.dtype, shape: tensor.shape });
      this.#note(name, shapeValueOfTensor(tensor));
    }
  }

  fold(node: Node): readonly Node[] {
    const value = shapeValueOfNode(node, {
      typeOf: (name) => this.#types.get(name),
      valueOf: (name) => this.#values.get(name),
    });
    const [output] = node.outputs;
    this.#note(output!, value);
    const constant = value && !isGraphOutput(this.#graph, output!) ? tensorOf(value) : undefined;
    if (constant !== undefined) {
      this.initializers.set(output!, constant);
      this.#types.set(output!, { dtype: constant.dtype, shape: constant.shape });
      return [];
    }
    const folded = node.op === "Reshape" && node.domain === "" ? this.#reshaped(node) : node;
    this.#infer(folded);
    return [folded];
  }

  #reshaped(node: Node): Node {
    const [input, target] = node.inputs;
    const value = this.initializers.has(target!) ? undefined : this.#values.get(target!);
    const sizes = value && copying(value.elements, this.#types.get(input!)?.shape);
    if (sizes === undefined || intAttribute(node, "allowzero", 0) === 1) return node;
    const name = this.#fresh(`${node.outputs[0]}_sizes`);
    this.initializers.set(name, int64Tensor(sizes));
    return { ...node, inputs: [input!, name] };
  }

  #infer(node: Node): void {
    const types = inferNode(
      node,
      (name) => this.#types.get(name),
      (name) => this.initializers.get(name),
      opsetOf(this.#graph),
    );
    for (const [index, output] of node.outputs.entries()) {
      const type = types[index];
      if (output !== "" && type?.shape !== undefined) this.#types.set(output, type);
    }
  }

  #note(name: string, value: ShapeValue | undefined): void {
    if (value !== undefined) this.#values.set(name, value);
  }
}

function tensorOf(value: ShapeValue): Tensor | undefined {
  const integers = exactIntegers(value);
  return integers && int64Tensor(integers, value.isList ? [integers.length] : []);
}

/** A target with 0 where it names the size that the input has there, and −1 for one other name; undefined if more are left. */
function copying(target: readonly Dimension[], shape: readonly Dimension[] | undefined): readonly number[] | undefined {
  const copied = target.map((size, axis) =>
    typeof size === "string" && size !== "" && shape?.[axis] === size ? 0 : size,
  );
  const named = copied.filter((size) => typeof size === "string");
  if (named.length > 1 || (named.length === 1 && copied.includes(-1))) return undefined;
  return copied.map((size) => (typeof size === "string" ? -1 : size));
}
