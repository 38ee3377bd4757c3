import { CompilerError } from "../errors.ts";
import { attribute, type Node, type Value } from "../graph/graph.ts";
import { floatScalar } from "../graph/tensor.ts";
import { freshNames, renameReads } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

const imageName = "image";
const toFloat = 1;

/**
 * Makes a graph that reads scaled pixels `image` float32 [N, 3, H, W] read raw ones, `image` uint8 [N, H, W, 3]:
 * Transpose first (on bytes), Cast, minus 128, times 1/128. A graph that reads bytes already stays as it is.
 * @throws {CompilerError} `shape-mismatch` when `image` is neither
 */
export const bakePreprocessing: Pass = {
  name: "bake-preprocessing",
  apply(graph) {
    const image = graph.inputs.find((input) => input.name === imageName);
    if (image === undefined || image.dtype === "uint8") return graph;
    const baked = bytesNhwc(image);
    const fresh = freshNames(graph);
    const [planes, floats, centred, pixels] = ["planes", "floats", "centred", "pixels"].map(fresh);
    const [middle, step] = ["middle", "step"].map(fresh);
    const prologue: Node[] = [
      nodeOf("Transpose", [imageName], planes!, { perm: attribute.ints([0, 3, 1, 2]) }),
      nodeOf("Cast", [planes!], floats!, { to: attribute.int(toFloat) }),
      nodeOf("Sub", [floats!, middle!], centred!),
      nodeOf("Mul", [centred!, step!], pixels!),
    ];
    return {
      ...graph,
      inputs: graph.inputs.map((input) => (input === image ? baked : input)),
      nodes: [...prologue, ...renameReads(graph.nodes, new Map([[imageName, pixels!]]))],
      initializers: new Map([...graph.initializers, [middle!, floatScalar(128)], [step!, floatScalar(1 / 128)]]),
    };
  },
};

function bytesNhwc(image: Value): Value {
  const [batch, channels, height, width] = image.shape ?? [];
  if (image.dtype === "float32" && image.shape?.length === 4 && channels === 3) {
    return { name: imageName, dtype: "uint8", shape: [batch!, height!, width!, 3] };
  }
  throw new CompilerError(
    "shape-mismatch",
    `Expected input "image" to be float32 [N, 3, H, W] or uint8 [N, H, W, 3], found ${image.dtype} [${image.shape?.join(", ") ?? "unknown"}]; export the model with one of them.`,
  );
}

function nodeOf(op: string, inputs: readonly string[], output: string, attributes: Node["attributes"] = {}): Node {
  return { op, domain: "", name: "", inputs, outputs: [output], attributes };
}
