import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilerError } from "../errors.ts";
import { seededRandom } from "../statistics/index.ts";
import { operatorCode, operatorName } from "./builtin-operators.ts";
import { readFlatbuffer } from "./flatbuffer/read-flatbuffer.ts";
import { writeFlatbuffer } from "./flatbuffer/write-flatbuffer.ts";
import { parseTflite } from "./parse-tflite.ts";
import { serializeTflite } from "./serialize-tflite.ts";
import { denseModel } from "./small-models.ts";
import type { TfliteModel } from "./tflite-model.ts";

test("a written model is read back as it was, and written again with the same bytes", () => {
  const model = denseModel();
  const bytes = serializeTflite(model);
  assert.deepEqual(parseTflite(bytes), model);
  assert.deepEqual(serializeTflite(parseTflite(bytes)), bytes);
});

test("constants begin at multiples of 16, as kernels want them", () => {
  const bytes = serializeTflite(denseModel());
  for (const { data } of parseTflite(bytes).tensors) {
    if (data !== undefined) assert.equal((data.byteOffset - bytes.byteOffset) % 16, 0);
  }
});

test("operators are known by the numbers of the schema", () => {
  const known = {
    ADD: 0,
    CONV_2D: 3,
    FULLY_CONNECTED: 9,
    SOFTMAX: 25,
    MEAN: 40,
    PADV2: 60,
    QUANTIZE: 114,
    BATCH_MATMUL: 126,
  };
  for (const [name, code] of Object.entries(known))
    assert.deepEqual([operatorCode(name), operatorName(code)], [code, name]);
  assert.equal(operatorName(162), "operator 162");
});

test("a file cut short anywhere is refused by code", () => {
  const bytes = serializeTflite(denseModel());
  for (let end = 0; end < bytes.length - 4; end += 1) refused(bytes.slice(0, end));
});

test("files with changed bytes are read or refused by code, never anything else", () => {
  const bytes = serializeTflite(denseModel());
  const random = seededRandom("mutants");
  let refusals = 0;
  for (let trial = 0; trial < 20_000; trial += 1) {
    const mutant = bytes.slice();
    for (let change = 0; change <= 3 * random(); change += 1) {
      const at = Math.floor(random() * mutant.length);
      if (random() < 0.5) mutant[at] = Math.floor(random() * 256);
      else mutant.set([255, 255, 255, random() < 0.5 ? 255 : 127].slice(0, mutant.length - at), at);
    }
    try {
      parseTflite(mutant);
    } catch (error) {
      assert.ok(error instanceof CompilerError && expectedCodes.has(error.code), String(error));
      refusals += 1;
    }
  }
  assert.ok(refusals > 4_000, `${refusals}`);
});

test("a table that a million offsets share is refused before it costs anything", () => {
  const shared = writeFlatbuffer({ version: 3, subgraphs: [{ tensors: Array.from({ length: 2000 }, () => ({})) }] });
  const view = new DataView(shared.buffer);
  const vector = offsetsOf(shared, "tensors");
  for (let index = 0; index < 2000; index += 1) {
    const at = vector + 4 + 4 * index;
    view.setUint32(at, shared.length - 4 - at, true);
  }
  // The last table stands for all; now let two thousand graphs share this one too.
  const graphs = writeFlatbuffer({ version: 3, subgraphs: Array.from({ length: 2000 }, () => ({ tensors: [{}] })) });
  const graphView = new DataView(graphs.buffer);
  const graphVector = offsetsOf(graphs, "subgraphs");
  const first = graphVector + 4 + graphView.getUint32(graphVector + 4, true);
  for (let index = 0; index < 2000; index += 1) {
    const at = graphVector + 4 + 4 * index;
    if (at < first) graphView.setUint32(at, first - at, true);
  }
  assert.equal(readFlatbuffer(graphs).subgraphs?.length, 2000);
  const started = performance.now();
  for (const bytes of [shared, graphs]) refused(bytes);
  assert.ok(performance.now() - started < 1000);
});

test("shapes that ask for more memory than a device has are refused by code", () => {
  const { tensors, ...rest } = denseModel();
  const giant = (shape: number[]): TfliteModel => ({
    ...rest,
    tensors: tensors.map((tensor, place) => (place === 0 ? { ...tensor, shape } : tensor)),
  });
  for (const shape of [
    [2 ** 31 - 1, 2 ** 31 - 1],
    Array.from({ length: 40 }, () => 2 ** 30),
    [2 ** 30, 0, 2 ** 30, 5, -1],
  ]) {
    refused(serializeTflite(giant(shape)));
  }
});

test("places that do not exist, orders that cannot run and quantizations that do not fit are refused by code", () => {
  const model = denseModel();
  const [operator] = model.operators;
  const wrong: Partial<TfliteModel>[] = [
    { inputs: [99] },
    { outputs: [-7] },
    { operators: [{ ...operator!, inputs: [0, 1, 77] }] },
    { operators: [{ ...operator!, inputs: [3, 1, 2] }] },
    { operators: [operator!, operator!] },
    { operators: [] },
    { tensors: model.tensors.map((tensor) => ({ ...tensor, shape: [...tensor.shape, 2] })) },
    {
      tensors: model.tensors.map((tensor) => ({
        ...tensor,
        quantization: { scale: Float32Array.of(1, 2, 3), zeroPoint: [0, 0, 0], axis: 1 },
      })),
    },
    {
      tensors: model.tensors.map((tensor) => ({
        ...tensor,
        quantization: { scale: Float32Array.of(Number.NaN), zeroPoint: [0], axis: 0 },
      })),
    },
  ];
  for (const change of wrong) refused(serializeTflite({ ...model, ...change }));
  refused(Uint8Array.of(1, 2, 3));
  refused(new Uint8Array(64));
});

const expectedCodes = new Set(["malformed-model", "external-data", "unsupported-operator"]);

function refused(bytes: Uint8Array): void {
  assert.throws(
    () => parseTflite(bytes),
    (error) => error instanceof CompilerError && error.code === "malformed-model",
  );
}

/** Where the vector of a field of the model or of its first graph begins. */
function offsetsOf(bytes: Uint8Array, field: "subgraphs" | "tensors"): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const vectorAt = (table: number, slot: number) => {
    const vtable = table - view.getInt32(table, true);
    const at = table + view.getUint16(vtable + 4 + 2 * slot, true);
    return at + view.getUint32(at, true);
  };
  const subgraphs = vectorAt(view.getUint32(0, true), 2);
  return field === "subgraphs" ? subgraphs : vectorAt(subgraphs + 4 + view.getUint32(subgraphs + 4, true), 0);
}
