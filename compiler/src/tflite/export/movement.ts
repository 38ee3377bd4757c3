import { intAttribute, intsAttribute, type Node, stringAttribute } from "../../graph/graph.ts";
import { floatsOf, integersOf } from "../../graph/tensor.ts";
import { formOf } from "./elementwise.ts";
import type { Exporter, ExportRule, Kind } from "./exporter.ts";
import { keepsAxes, meansPlanes, reducedAxes } from "./integer-operators.ts";

/** Flatten, Reshape, Squeeze, Unsqueeze, Identity and Dropout: the output's shape says it all. */
export const exportReshape: ExportRule = (exporter, node) => {
  const [value, output] = [node.inputs[0]!, node.outputs[0]!];
  const kind = movedKind(exporter, node);
  const [from, to] = [exporter.shapeOf(value), exporter.shapeOf(output)];
  if (from.join() === to.join())
    return alias(exporter, node, { kind, form: formOf(exporter, value), as: formOf(exporter, value) });
  const [batch, channels, height, width] = from;
  const isFlattening = from.length === 4 && to.length === 2 && to[0] === batch && exporter.hasPixels(value);
  if (isFlattening && height === 1 && width === 1) return alias(exporter, node, { kind, form: "pixels", as: "pixels" });
  if (isFlattening) {
    exporter.setFlattened(output, { source: value, height: height!, width: width!, channels: channels! });
    return;
  }
  const isUnflattening =
    from.length === 2 && to.length === 4 && to[2] === 1 && to[3] === 1 && exporter.hasPixels(value);
  if (isUnflattening) return alias(exporter, node, { kind, form: "pixels", as: "pixels" });
  const place = exporter.reshaped(exporter.read(value, kind, "plain"), to);
  exporter.set(output, kind, "plain", kind === "integers" ? exporter.rescaled(place, output) : place);
};

/** Transpose; one that only turns planes into pixels or back is none. */
export const exportTranspose: ExportRule = (exporter, node) => {
  const [value, output] = [node.inputs[0]!, node.outputs[0]!];
  const shape = exporter.shapeOf(value);
  const kind = movedKind(exporter, node);
  const order = intsAttribute(
    node,
    "perm",
    shape.map((_, axis) => shape.length - 1 - axis),
  );
  if (order.join() === "0,2,3,1") return alias(exporter, node, { kind, form: "pixels", as: "plain" });
  if (order.join() === "0,3,1,2") return alias(exporter, node, { kind, form: "plain", as: "pixels" });
  const place = exporter.transposed(exporter.read(value, kind, "plain"), order);
  exporter.set(output, kind, "plain", kind === "integers" ? exporter.rescaled(place, output) : place);
};

/** Concat; integers are brought to the output's scale where theirs differs. */
export const exportConcat: ExportRule = (exporter, node) => {
  const output = exporter.outputOf(node);
  const rank = exporter.shapeOf(output).length;
  const given = intAttribute(node, "axis", 0);
  const axis = given < 0 ? given + rank : given;
  const kind = exporter.kindOf(node);
  const inPixels = (rank === 4 || (rank === 2 && axis === 1)) && node.inputs.some((value) => exporter.hasPixels(value));
  const form = inPixels ? "pixels" : "plain";
  const inputs = node.inputs.map((value) => {
    const place = exporter.read(value, kind, form);
    return kind === "integers" ? exporter.rescaled(place, output) : place;
  });
  const pixelAxis = rank === 2 ? 3 : [0, 3, 1, 2][axis]!;
  const options = { kind: "ConcatenationOptions", axis: inPixels ? pixelAxis : axis } as const;
  exporter.make("CONCATENATION", inputs, { value: output, kind, form }, options);
};

/** Pad by constant amounts with a constant. */
export const exportPad: ExportRule = (exporter, node) => {
  const [value, output] = [node.inputs[0]!, node.outputs[0]!];
  const amounts = exporter.graph.initializers.get(node.inputs[1] ?? "");
  const pads = amounts === undefined ? intsAttribute(node, "pads", []) : integersOf(amounts);
  const rank = exporter.shapeOf(value).length;
  if (
    stringAttribute(node, "mode", "constant") !== "constant" ||
    pads.length !== 2 * rank ||
    pads.some((size) => size < 0)
  )
    throw exporter.unsupported(node, "it pads with other than a constant, or by amounts that are computed or negative");
  const filler = node.inputs[2] ? floatsOf(exporter.constantOf(node, 2))[0]! : 0;
  const kind = exporter.kindOf(node);
  const form = rank === 4 ? formOf(exporter, value) : "plain";
  const order = form === "pixels" ? [0, 2, 3, 1] : pads.slice(0, rank).map((_, axis) => axis);
  const pairs = order.flatMap((axis) => [pads[axis]!, pads[rank + axis]!]);
  const inputs = [exporter.read(value, kind, form), exporter.builder.integers(pairs, [rank, 2])];
  if (filler === 0) exporter.make("PAD", inputs, { value: output, kind, form }, { kind: "PadOptions" });
  else
    exporter.make(
      "PADV2",
      [...inputs, exporter.builder.floats([filler])],
      { value: output, kind, form },
      { kind: "PadV2Options" },
    );
};

/** GlobalAveragePool and ReduceMean: MEAN, which may have a scale of its own where AVERAGE_POOL_2D may not. */
export const exportMean: ExportRule = (exporter, node) => {
  const value = node.inputs[0]!;
  const kind = exporter.kindOf(node);
  const isGlobal = node.op === "GlobalAveragePool";
  if (isGlobal || meansPlanes(exporter.graph, node)) {
    // Without its axes the result is [N, C], whose pixels are [N, 1, 1, C].
    const made = { value: exporter.outputOf(node), kind, form: "pixels" } as const;
    const inputs = [exporter.read(value, kind, "pixels"), exporter.builder.integers([1, 2])];
    exporter.make("MEAN", inputs, made, { kind: "ReducerOptions", keepDims: 1 });
    return;
  }
  const axes = reducedAxes(exporter.graph, node);
  const inputs = [exporter.read(value, "real", "plain"), exporter.builder.integers(axes)];
  const made = { value: exporter.outputOf(node), kind: "real", form: "plain" } as const;
  exporter.make("MEAN", inputs, made, { kind: "ReducerOptions", keepDims: keepsAxes(node) ? 1 : 0 });
};

/** What a moving operator moves: bytes as they are, else integers or reals. */
function movedKind(exporter: Exporter, node: Node): Kind {
  return exporter.isStored(node.inputs[0]!) ? "stored" : exporter.kindOf(node);
}

interface Aliased {
  readonly kind: Kind;
  readonly form: "plain" | "pixels";
  readonly as: "plain" | "pixels";
}

/** Lets a node's output be its input's tensor seen another way. */
function alias(exporter: Exporter, node: Node, { kind, form, as }: Aliased): void {
  const place = exporter.read(node.inputs[0]!, kind, form);
  const output = node.outputs[0]!;
  exporter.set(output, kind, as, kind === "integers" ? exporter.rescaled(place, output) : place);
}
