import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, type Tensor as EngineTensor, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { type Attribute, attribute, type Graph, type Node, opsetOf, type Value } from "../graph/graph.ts";
import { inferTypes } from "../graph/infer-types.ts";
import { serializeModel } from "../graph/model.ts";
import { floatTensor, int64Tensor, type Tensor } from "../graph/tensor.ts";
import { raisingAdapters } from "../opset/adapter-list.ts";
import { operatorHistory } from "../opset/operator-history.ts";
import { bringToOpset17 } from "./bring-to-opset-17.ts";
import { runPasses } from "./pass.ts";

const { ints, int, float, floats, string } = attribute;

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

/** One node of another opset. The first input is `x` float32 of `shape`; others are constants. */
interface Sample {
  readonly what: string;
  readonly opset: number;
  readonly op: string;
  readonly shape: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly constants?: readonly (Tensor | undefined)[];
  readonly outputs?: readonly Value["dtype"][];
  /** Operators that stand in the node's place. */
  readonly becomes: readonly string[];
}

const raisedSamples: readonly Sample[] = [
  {
    what: "Slice with attributes, to the end",
    opset: 9,
    op: "Slice",
    shape: [4, 6],
    attributes: {
      axes: ints([1, 0]),
      starts: ints([-3, 1]),
      ends: { kind: "ints", value: [2n ** 63n - 1n, 3] },
    },
    becomes: ["Slice"],
  },
  {
    what: "TopK with k as an attribute",
    opset: 9,
    op: "TopK",
    shape: [3, 5],
    attributes: { k: int(2) },
    outputs: ["float32", "int64"],
    becomes: ["TopK"],
  },
  {
    what: "ReduceSum",
    opset: 12,
    op: "ReduceSum",
    shape: [2, 3, 4],
    attributes: { axes: ints([1]) },
    becomes: ["ReduceSum"],
  },
  {
    what: "ReduceSum of all",
    opset: 12,
    op: "ReduceSum",
    shape: [2, 3],
    attributes: { keepdims: int(0) },
    becomes: ["ReduceSum"],
  },
  {
    what: "Split into listed parts",
    opset: 7,
    op: "Split",
    shape: [5, 2],
    attributes: { split: ints([2, 3]) },
    outputs: ["float32", "float32"],
    becomes: ["Split"],
  },
  { what: "Squeeze", opset: 8, op: "Squeeze", shape: [1, 3, 1], attributes: { axes: ints([0]) }, becomes: ["Squeeze"] },
  { what: "Squeeze of all", opset: 12, op: "Squeeze", shape: [1, 3, 1], becomes: ["Squeeze"] },
  {
    what: "Unsqueeze",
    opset: 11,
    op: "Unsqueeze",
    shape: [3],
    attributes: { axes: ints([0, -1]) },
    becomes: ["Unsqueeze"],
  },
  {
    what: "Clip",
    opset: 7,
    op: "Clip",
    shape: [6],
    attributes: { min: float(-0.5), max: float(0.5) },
    becomes: ["Clip"],
  },
  {
    what: "Clip from above alone",
    opset: 10,
    op: "Clip",
    shape: [6],
    attributes: { max: float(0.1) },
    becomes: ["Clip"],
  },
  {
    what: "Pad with a value",
    opset: 10,
    op: "Pad",
    shape: [2, 3],
    attributes: { pads: ints([1, 0, 0, 2]), value: float(1.5) },
    becomes: ["Pad"],
  },
  {
    what: "Pad by reflection",
    opset: 7,
    op: "Pad",
    shape: [2, 3],
    attributes: { pads: ints([0, 1, 0, 1]), mode: string("reflect") },
    becomes: ["Pad"],
  },
  { what: "Dropout", opset: 7, op: "Dropout", shape: [4], attributes: { ratio: float(0.9) }, becomes: ["Dropout"] },
  {
    what: "Dropout with a bool mask",
    opset: 10,
    op: "Dropout",
    shape: [4],
    outputs: ["float32", "bool"],
    becomes: ["Dropout", "Shape", "ConstantOfShape"],
  },
  {
    what: "Dropout with a mask of floats",
    opset: 7,
    op: "Dropout",
    shape: [4],
    outputs: ["float32", "float32"],
    becomes: ["Dropout", "Shape", "ConstantOfShape", "CastLike"],
  },
  {
    what: "BatchNormalization that names spatial",
    opset: 8,
    op: "BatchNormalization",
    shape: [2, 3, 2],
    attributes: { spatial: int(1), epsilon: float(0.01) },
    constants: [floatTensor([1, 2, 3]), floatTensor([0, 1, 2]), floatTensor([0.1, 0.2, 0.3]), floatTensor([1, 2, 0.5])],
    becomes: ["BatchNormalization"],
  },
  {
    what: "Softmax over all from an axis on",
    opset: 11,
    op: "Softmax",
    shape: [2, 3, 4],
    becomes: ["Flatten", "Softmax", "Shape", "Reshape"],
  },
  {
    what: "Softmax over channels of single pixels",
    opset: 7,
    op: "Softmax",
    shape: [2, 5, 1, 1],
    becomes: ["Softmax"],
  },
  {
    what: "LogSoftmax over the last axis",
    opset: 12,
    op: "LogSoftmax",
    shape: [2, 3, 4],
    attributes: { axis: int(-1) },
    becomes: ["LogSoftmax"],
  },
  {
    what: "Hardmax over everything",
    opset: 11,
    op: "Hardmax",
    shape: [2, 3],
    attributes: { axis: int(0) },
    becomes: ["Flatten", "Hardmax", "Shape", "Reshape"],
  },
  {
    what: "Upsample with scales as an attribute",
    opset: 7,
    op: "Upsample",
    shape: [1, 1, 2, 3],
    attributes: { scales: floats([1, 1, 2, 1.5]), mode: string("nearest") },
    becomes: ["Resize"],
  },
  {
    what: "Upsample between samples",
    opset: 9,
    op: "Upsample",
    shape: [1, 1, 2, 3],
    attributes: { mode: string("linear") },
    constants: [floatTensor([1, 1, 2, 3])],
    becomes: ["Resize"],
  },
  {
    what: "Resize that enlarges",
    opset: 10,
    op: "Resize",
    shape: [1, 1, 3, 3],
    constants: [floatTensor([1, 1, 1.7, 2])],
    becomes: ["Resize"],
  },
  {
    what: "Resize that shrinks",
    opset: 10,
    op: "Resize",
    shape: [1, 1, 7, 5],
    constants: [floatTensor([1, 1, 0.6, 0.5])],
    becomes: ["Resize"],
  },
  {
    what: "Resize with all that 11 says",
    opset: 11,
    op: "Resize",
    shape: [1, 1, 4, 4],
    attributes: { mode: string("cubic"), coordinate_transformation_mode: string("align_corners") },
    constants: [floatTensor([]), floatTensor([1, 1, 2, 2])],
    becomes: ["Resize"],
  },
  {
    what: "Scatter",
    opset: 9,
    op: "Scatter",
    shape: [3, 2],
    constants: [int64Tensor([2, 0], [1, 2]), floatTensor([8, 9], [1, 2])],
    becomes: ["ScatterElements"],
  },
  {
    what: "RoiAlign",
    opset: 10,
    op: "RoiAlign",
    shape: [1, 1, 6, 6],
    attributes: { output_height: int(2), output_width: int(2), spatial_scale: float(0.5) },
    constants: [floatTensor([1, 1, 9, 9], [1, 4]), int64Tensor([0])],
    becomes: ["RoiAlign"],
  },
];

const loweredSamples: readonly Sample[] = [
  {
    what: "ReduceMean with constant axes",
    opset: 18,
    op: "ReduceMean",
    shape: [2, 3, 4],
    constants: [int64Tensor([-1])],
    becomes: ["ReduceMean"],
  },
  { what: "ReduceL2 of all", opset: 18, op: "ReduceL2", shape: [2, 3], becomes: ["ReduceL2"] },
  {
    what: "ReduceMax of floats",
    opset: 20,
    op: "ReduceMax",
    shape: [2, 3],
    constants: [int64Tensor([1])],
    becomes: ["ReduceMax"],
  },
  {
    what: "Pad of named axes",
    opset: 19,
    op: "Pad",
    shape: [2, 3, 2],
    constants: [int64Tensor([1, 2]), floatTensor([7], []), int64Tensor([-2])],
    becomes: ["Pad"],
  },
  {
    what: "Split into a number of parts, the last one smaller",
    opset: 18,
    op: "Split",
    shape: [5, 2],
    attributes: { num_outputs: int(2) },
    outputs: ["float32", "float32"],
    becomes: ["Split"],
  },
  {
    what: "Resize without antialiasing",
    opset: 19,
    op: "Resize",
    shape: [1, 1, 4, 4],
    attributes: { antialias: int(0), mode: string("linear") },
    constants: [undefined, undefined, int64Tensor([1, 1, 3, 3])],
    becomes: ["Resize"],
  },
  {
    what: "AveragePool",
    opset: 22,
    op: "AveragePool",
    shape: [1, 1, 5, 5],
    attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: int(1), dilations: ints([1, 1]) },
    becomes: ["AveragePool"],
  },
  {
    what: "Cast",
    opset: 21,
    op: "Cast",
    shape: [3],
    attributes: { to: int(7), saturate: int(1) },
    outputs: ["int64"],
    becomes: ["Cast"],
  },
  {
    what: "GridSample",
    opset: 20,
    op: "GridSample",
    shape: [1, 1, 3, 3],
    attributes: { mode: string("cubic") },
    constants: [floatTensor([-0.5, 0, 0.5, 0.2], [1, 1, 2, 2])],
    becomes: ["GridSample"],
  },
  { what: "IsInf of float32", opset: 20, op: "IsInf", shape: [3], outputs: ["bool"], becomes: ["IsInf"] },
  {
    what: "QuantizeLinear to bytes",
    opset: 21,
    op: "QuantizeLinear",
    shape: [2, 3],
    constants: [floatTensor([0.01], [])],
    outputs: ["uint8"],
    becomes: ["QuantizeLinear"],
  },
  { what: "Relu", opset: 22, op: "Relu", shape: [3], becomes: ["Relu"] },
];

for (const sample of [...raisedSamples, ...loweredSamples]) {
  test(`opset ${sample.opset}: ${sample.what} gives the same at opset 17`, async () => {
    const graph = graphOf(sample);
    const brought = runPasses(inferTypes(graph), [bringToOpset17]);
    assert.equal(opsetOf(brought), 17);
    assert.deepEqual(
      brought.nodes.map(({ op }) => op),
      sample.becomes,
    );
    const x = { x: ramp(sample.shape) };
    assertSame(await run(brought, x), await run(graph, x));
  });
}

const keptSamples: readonly Sample[] = [
  { what: "an operator that came later", opset: 20, op: "Gelu", shape: [3], becomes: ["Gelu"] },
  {
    what: "reflection around the edge",
    opset: 19,
    op: "Pad",
    shape: [3],
    attributes: { mode: string("wrap") },
    constants: [int64Tensor([1, 1])],
    becomes: ["Pad"],
  },
  {
    what: "a pool with dilations",
    opset: 19,
    op: "AveragePool",
    shape: [1, 1, 5, 5],
    attributes: { kernel_shape: ints([2, 2]), dilations: ints([2, 2]) },
    becomes: ["AveragePool"],
  },
  {
    what: "antialiasing",
    opset: 18,
    op: "Resize",
    shape: [1, 1, 4, 4],
    attributes: { antialias: int(1), mode: string("linear") },
    constants: [undefined, floatTensor([1, 1, 0.5, 0.5])],
    becomes: ["Resize"],
  },
  {
    what: "a reduction of nothing",
    opset: 18,
    op: "ReduceSumSquare",
    shape: [3],
    attributes: { noop_with_empty_axes: int(1) },
    becomes: ["ReduceSumSquare"],
  },
  {
    what: "bytes scaled in blocks",
    opset: 21,
    op: "QuantizeLinear",
    shape: [2, 4],
    attributes: { block_size: int(2), axis: int(1) },
    constants: [floatTensor([1, 2, 3, 4], [2, 2])],
    outputs: ["uint8"],
    becomes: ["QuantizeLinear"],
  },
  {
    what: "a type that opset 17 does not have",
    opset: 19,
    op: "Cast",
    shape: [3],
    attributes: { to: int(17) },
    outputs: ["type-17"],
    becomes: ["Cast"],
  },
];

for (const sample of keptSamples) {
  test(`opset ${sample.opset}: ${sample.what} keeps the model at its own opset, unchanged`, () => {
    const graph = inferTypes(graphOf(sample));
    const { nodes, opsets } = runPasses(graph, [bringToOpset17]);
    assert.deepEqual({ nodes, opsets }, { nodes: graph.nodes, opsets: graph.opsets });
  });
}

test("one operator that needs its opset keeps the whole model there", () => {
  const graph = graphOf({ what: "", opset: 20, op: "Gelu", shape: [3], becomes: [] });
  const reduced: Node = { ...graph.nodes[0]!, op: "ReduceL1", inputs: ["y0"], outputs: ["z"] };
  const brought = runPasses({ ...graph, nodes: [...graph.nodes, reduced] }, [bringToOpset17]);
  assert.equal(opsetOf(brought), 20);
});

test("a Clip of another type than float32 casts its bounds", () => {
  const clip = graphOf(raisedSamples.find(({ what }) => what === "Clip")!);
  const doubles = { ...clip, inputs: [{ ...clip.inputs[0]!, dtype: "float64" as const }], types: new Map() };
  const brought = runPasses(doubles, [bringToOpset17]);
  assert.deepEqual(
    brought.nodes.map(({ op }) => op),
    ["CastLike", "CastLike", "Clip"],
  );
});

test("names the node and the way out where an operator has no later form", () => {
  const norm = graphOf(raisedSamples.find(({ op }) => op === "BatchNormalization")!);
  const perPosition = norm.nodes.map((node) => ({ ...node, attributes: { spatial: int(0) } }));
  assert.throws(() => runPasses({ ...norm, nodes: perPosition }, [bringToOpset17]), {
    code: "unsupported-operator",
    message:
      /^In pass bring-to-opset-17: Cannot bring BatchNormalization making "y0" from opset 8 to 17, because .*spatial.*; export/,
  });
  const unknown = norm.nodes.map((node) => ({ ...node, op: "Swirl" }));
  assert.throws(() => runPasses({ ...norm, nodes: unknown }, [bringToOpset17]), { code: "unsupported-operator" });
});

test("refuses opsets outside what it knows, but not models without a standard operator", () => {
  const relu = graphOf({ what: "", opset: 17, op: "Relu", shape: [1], becomes: [] });
  const at = (opset: number) => ({ ...relu, opsets: new Map([["", opset]]) });
  assert.throws(() => runPasses(at(5), [bringToOpset17]), { code: "unsupported-opset" });
  assert.throws(() => runPasses(at(99), [bringToOpset17]), { code: "unsupported-opset" });
  const foreign = relu.nodes.map((node) => ({ ...node, domain: "ai.onnx.ml" }));
  assert.equal(
    runPasses({ ...relu, nodes: foreign, opsets: new Map([["ai.onnx.ml", 2]]) }, [bringToOpset17]).nodes.length,
    1,
  );
});

test("every change up to opset 17 but five has its adapter, and no adapter is for a change that never was", () => {
  const bridged = new Set(raisingAdapters.flatMap(({ ops, opset }) => ops.map((op) => `${op} ${opset}`)));
  const changed = Object.entries(operatorHistory).flatMap(([op, { changed = [] }]) =>
    changed.filter((opset) => opset <= 17).map((opset) => `${op} ${opset}`),
  );
  const notBridged = ["GRU 7", "LSTM 7", "RNN 7", "Scan 9", "Upsample 7"];
  assert.deepEqual([...bridged, ...notBridged].sort(), changed.sort());
});

function graphOf({ opset, op, shape, attributes = {}, constants = [], outputs = ["float32"] }: Sample): Graph {
  const names = constants.map((constant, index) => (constant === undefined ? "" : `c${index}`));
  const outputNames = outputs.map((_, index) => `y${index}`);
  return {
    name: "sample",
    inputs: [{ name: "x", dtype: "float32", shape }],
    outputs: outputNames.map((name, index) => ({ name, dtype: outputs[index]!, shape: undefined })),
    nodes: [{ op, domain: "", name: "", inputs: ["x", ...names], outputs: outputNames, attributes }],
    initializers: new Map(constants.flatMap((tensor, index) => (tensor === undefined ? [] : [[`c${index}`, tensor]]))),
    types: new Map(),
    opsets: new Map([["", opset]]),
    irVersion: 8,
    metadata: new Map(),
    rest: {},
  };
}

/** Within 1e-6 of each other: a newer kernel may sum in another order. */
function assertSame(actual: Readonly<Record<string, EngineTensor>>, expected: Readonly<Record<string, EngineTensor>>) {
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    assert.deepEqual([actual[name]?.dtype, actual[name]?.shape], [dtype, shape]);
    data.forEach((value, index) => {
      assert.ok(Math.abs(Number(actual[name]!.data[index]) - Number(value)) <= 1e-6, `${name}[${index}]`);
    });
  }
}

function ramp(shape: readonly number[]): EngineTensor {
  const size = shape.reduce((product, each) => product * each, 1);
  const data = Float32Array.from({ length: size }, (_, index) => Math.sin(3 * index) + index / size);
  return { dtype: "float32", shape, data };
}

async function run(graph: Graph, inputs: Record<string, EngineTensor>) {
  const model = await engine.load([{ name: "sample", bytes: serializeModel(graph) }]);
  const { outputs } = await model.run(inputs);
  await model.unload();
  return outputs;
}
