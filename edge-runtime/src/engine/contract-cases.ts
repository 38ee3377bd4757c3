import assert from "node:assert/strict";
import type { Engine, GraphSource, Port } from "./engine.ts";
import type { Tensor } from "./tensor.ts";
import { tinyTfliteBackbone, tinyTfliteHead, tinyTfliteIdentity } from "./tflite/tiny-tflite.ts";
import { noise, tinyBackbone, tinyHead, tinyOnnx } from "./tiny-onnx.ts";

/** The tiny models that the contract is checked with, in one engine's format; all formats hold the same weights. */
export interface ContractGraphs {
  readonly backbone: GraphSource;
  readonly sign: GraphSource;
  readonly category: GraphSource;
  /** A head for an embedding of another length. */
  readonly wideHead: GraphSource;
  /** Gives back its whole numbers [N] "x" as "y". */
  readonly identity: GraphSource;
  readonly wholeNumbers: (values: readonly number[]) => Tensor;
}

/** The contract's models as ONNX. */
export const onnxContractGraphs: ContractGraphs = {
  backbone: { name: "backbone", bytes: tinyBackbone() },
  sign: { name: "sign", bytes: tinyHead("sign", { seed: 2 }) },
  category: { name: "category", bytes: tinyHead("category", { classes: 2, seed: 3 }) },
  wideHead: { name: "wide", bytes: tinyHead("wide", { size: 5 }) },
  identity: {
    name: "identity",
    bytes: tinyOnnx({
      inputs: [{ name: "x", dtype: "int64", shape: ["N"] }],
      outputs: [{ name: "y", dtype: "int64", shape: ["N"] }],
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    }),
  },
  wholeNumbers: (values) => ({
    dtype: "int64",
    shape: [values.length],
    data: BigInt64Array.from(values, (value) => BigInt(value) * 2n ** 31n),
  }),
};

/** The contract's models as TensorFlow Lite. */
export const tfliteContractGraphs: ContractGraphs = {
  backbone: { name: "backbone", bytes: tinyTfliteBackbone() },
  sign: { name: "sign", bytes: tinyTfliteHead("sign", { seed: 2 }) },
  category: { name: "category", bytes: tinyTfliteHead("category", { classes: 2, seed: 3 }) },
  wideHead: { name: "wide", bytes: tinyTfliteHead("wide", { size: 5 }) },
  identity: { name: "identity", bytes: tinyTfliteIdentity() },
  wholeNumbers: (values) => ({ dtype: "int32", shape: [values.length], data: Int32Array.from(values) }),
};

/** One sentence of the contract and how an engine is held to it: it rejects where the engine does not keep it. */
export interface ContractCase {
  readonly title: string;
  readonly check: (engine: Engine, graphs: ContractGraphs) => Promise<void>;
}

/** What every engine keeps, in the order of a model's life. */
export const contractCases: readonly ContractCase[] = [
  { title: "tells inputs that no earlier graph gives, and outputs of all", check: tellsPorts },
  { title: "computes what a plain loop over the weights computes", check: computesRight },
  { title: "chains a backbone and its heads in one run, equal to running them one by one", check: chains },
  { title: "takes any batch size where the graph leaves it free, row by row equal to single runs", check: batches },
  { title: "answers concurrent runs each with its own result", check: keepsRunsApart },
  { title: "keeps what it answered when it runs again", check: keepsAnswers },
  { title: "carries large whole numbers and empty batches unharmed", check: carriesWholeNumbers },
  { title: "refuses bytes that are no graph, and no graphs at all, and goes on", check: refusesJunk },
  { title: "refuses graphs that do not fit each other when they are loaded", check: refusesMisfits },
  { title: "refuses missing, alien, misshapen and mistyped inputs by name", check: refusesWrongInputs },
  { title: "finishes accepted runs before a model is unloaded, then refuses it", check: unloads },
];

/** The titles of the cases that an engine does not keep. */
export async function contractFailures(
  engine: Engine,
  graphs: ContractGraphs = onnxContractGraphs,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { title, check } of contractCases) await check(engine, graphs).catch(() => failed.push(title));
  return failed;
}

const imagePort: Port = { name: "image", dtype: "uint8", shape: ["N", 2, 2, 3] };

function image(batch: number, value = 9): Tensor {
  const data = Uint8Array.from({ length: batch * 12 }, (_, i) => (i * value) % 256);
  return { dtype: "uint8", shape: [batch, 2, 2, 3], data };
}

async function tellsPorts(engine: Engine, { backbone, sign, category }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone, sign, category]);
  assert.deepEqual(model.inputs, [imagePort]);
  assert.deepEqual(model.outputs, [
    { name: "embedding", dtype: "float32", shape: ["N", 4] },
    { name: "sign", dtype: "float32", shape: ["N", 3] },
    { name: "category", dtype: "float32", shape: ["N", 2] },
  ]);
  await model.unload();
}

/** Tolerance: twelve products of at most 255 · 1/1536 in single precision differ by less than 1e-5 in any order. */
async function computesRight(engine: Engine, { backbone, sign }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone, sign]);
  for (const value of [1, 9, 77]) {
    const { outputs } = await model.run({ image: image(1, value) });
    const embedding = dense(image(1, value).data as Uint8Array, noise(48, 1, 1 / (128 * 12)), 4).map((x) =>
      Math.max(0, x),
    );
    requireClose(outputs.embedding, embedding);
    requireClose(outputs.sign, dense(embedding, noise(12, 2, 4), 3));
  }
}

function dense(values: ArrayLike<number>, weights: Float32Array, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, output) =>
    Array.from(values).reduce((sum, value, input) => sum + value * (weights[input * outputs + output] as number), 0),
  );
}

function requireClose(got: Tensor | undefined, expected: readonly number[]): void {
  assert.deepEqual(got?.shape, [1, expected.length]);
  expected.forEach((value, index) => {
    assert.ok(Math.abs(Number(got?.data[index]) - value) < 1e-5, `${got?.data[index]} is not ${value}`);
  });
}

async function chains(engine: Engine, { backbone, sign, category }: ContractGraphs): Promise<void> {
  const whole = await engine.load([backbone, sign, category]);
  const first = await engine.load([backbone]);
  const second = await engine.load([sign]);
  const { outputs, runUs } = await whole.run({ image: image(1) });
  const { embedding } = (await first.run({ image: image(1) })).outputs;
  assert.ok(embedding);
  const alone = await second.run({ embedding });
  assert.deepEqual(outputs.sign, alone.outputs.sign);
  assert.deepEqual(outputs.category?.shape, [1, 2]);
  assert.ok(runUs > 0);
}

async function batches(engine: Engine, { backbone, sign }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone, sign]);
  const batch = await model.run({ image: image(3) });
  assert.deepEqual(batch.outputs.sign?.shape, [3, 3]);
  for (let row = 0; row < 3; row += 1) {
    const pixels = image(3).data.slice(row * 12, row * 12 + 12);
    const single = await model.run({ image: { dtype: "uint8", shape: [1, 2, 2, 3], data: pixels } });
    const expected = batch.outputs.sign?.data.slice(row * 3, row * 3 + 3) as Float32Array;
    single.outputs.sign?.data.forEach((value, i) => {
      assert.ok(Math.abs(Number(value) - (expected[i] ?? Number.NaN)) < 1e-5, "kernels may differ by batch size");
    });
  }
}

async function keepsRunsApart(engine: Engine, { backbone }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone]);
  const alone: Tensor[] = [];
  for (let i = 1; i <= 20; i += 1) alone.push((await model.run({ image: image(1, i) })).outputs.embedding as Tensor);
  const together = await Promise.all(alone.map((_, i) => model.run({ image: image(1, i + 1) })));
  together.forEach(({ outputs }, i) => {
    assert.deepEqual(outputs.embedding, alone[i]);
  });
}

async function keepsAnswers(engine: Engine, { backbone }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone]);
  const { embedding } = (await model.run({ image: image(1, 7) })).outputs;
  const before = embedding?.data.slice();
  await model.run({ image: image(1, 200) });
  assert.deepEqual(embedding?.data, before);
}

async function carriesWholeNumbers(engine: Engine, { identity, wholeNumbers }: ContractGraphs): Promise<void> {
  const model = await engine.load([identity]);
  const x = wholeNumbers([1, -(2 ** 30), 2 ** 30 + 1]);
  assert.deepEqual((await model.run({ x })).outputs.y?.data, x.data);
  const empty = await model.run({ x: wholeNumbers([]) });
  assert.equal(empty.outputs.y?.data.length, 0);
}

async function refusesJunk(engine: Engine, { sign }: ContractGraphs): Promise<void> {
  await assert.rejects(engine.load([{ name: "junk", bytes: Uint8Array.of(1, 2, 3) }]), { code: "bad-model" });
  await assert.rejects(engine.load([]), { code: "bad-model" });
  await assert.rejects(engine.load([sign, sign]), { code: "bad-model" });
  await assert.doesNotReject(engine.load([sign]));
}

async function refusesMisfits(engine: Engine, { backbone, wideHead, sign }: ContractGraphs): Promise<void> {
  await assert.rejects(engine.load([backbone, wideHead]), { code: "bad-model", message: /embedding/ });
  await assert.doesNotReject(engine.load([backbone, sign]));
}

async function refusesWrongInputs(engine: Engine, { backbone }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone]);
  const wrong: Record<string, Tensor>[] = [
    {},
    { image: image(1), other: image(1) },
    { image: { dtype: "uint8", shape: [1, 2, 3, 2], data: new Uint8Array(12) } },
    { image: { dtype: "float32", shape: [1, 2, 2, 3], data: new Float32Array(12) } },
    { image: { dtype: "uint8", shape: [1, 2, 2, 3], data: new Uint8Array(11) } },
  ];
  for (const inputs of wrong) await assert.rejects(model.run(inputs), { code: "bad-input" });
  await assert.doesNotReject(model.run({ image: image(1) }));
}

async function unloads(engine: Engine, { backbone }: ContractGraphs): Promise<void> {
  const model = await engine.load([backbone]);
  const accepted = Array.from({ length: 10 }, () => model.run({ image: image(1) }));
  await Promise.all([model.unload(), ...accepted]);
  await assert.rejects(model.run({ image: image(1) }), { code: "model-unloaded" });
  await assert.doesNotReject(model.unload());
}
