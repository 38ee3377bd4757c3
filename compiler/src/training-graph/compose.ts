import type { Components } from "../build/classifier.ts";
import { CompilerError } from "../errors.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Which component and initializer of it a value of the composed graph stands for. */
export interface Origin {
  readonly component: string;
  readonly initializer: string;
}

/** Backbone and heads as one graph: inputs are the backbone's, outputs one per head. */
export interface Composition {
  readonly graph: Graph;
  readonly origins: ReadonlyMap<string, Origin>;
}

/** The name under which the backbone's weights are told apart from the heads'. */
export const backboneName = "backbone";

/**
 * Joins backbone and heads by the name of the embedding; a head's own values get its name in front.
 * @throws {CompilerError} `invalid-graph` when a head needs what the backbone does not give
 */
export function compose(components: Components): Composition {
  const { backbone, heads } = components;
  const parts = [
    { component: backboneName, graph: backbone },
    ...Object.entries(heads).map(([name, head]) => ({ component: name, graph: renamedHead(name, head, backbone) })),
  ];
  const initializers = new Map<string, Tensor>();
  const origins = new Map<string, Origin>();
  for (const { component, graph } of parts) {
    for (const [name, tensor] of graph.initializers) {
      initializers.set(name, tensor);
      origins.set(name, {
        component,
        initializer: component === backboneName ? name : name.slice(component.length + 1),
      });
    }
  }
  const graph: Graph = {
    ...backbone,
    outputs: parts.slice(1).flatMap((part) => part.graph.outputs),
    nodes: parts.flatMap((part) => part.graph.nodes),
    initializers,
    types: new Map(),
  };
  return { graph, origins };
}

function renamedHead(name: string, head: Graph, backbone: Graph): Graph {
  const offered = new Set(backbone.outputs.map((output) => output.name));
  const missing = head.inputs.find((input) => !offered.has(input.name));
  if (missing !== undefined) {
    throw new CompilerError(
      "invalid-graph",
      `Expected the backbone to give "${missing.name}" for head "${name}", but it gives ${[...offered].join(", ")}; use a head made for this backbone.`,
    );
  }
  const kept = new Set([...head.inputs, ...head.outputs].map((value) => value.name));
  const rename = (value: string) => (value === "" || kept.has(value) ? value : `${name}/${value}`);
  const renamed = (node: Node): Node => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  });
  const initializers = new Map([...head.initializers].map(([value, tensor]) => [rename(value), tensor] as const));
  return { ...head, nodes: head.nodes.map(renamed), initializers };
}
