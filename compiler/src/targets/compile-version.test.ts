import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digestOf } from "@fieldloop/devices";
import { type Engine, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";
import { parseModel, serializeModel } from "../graph/model.ts";
import { randomClassifier, randomImages } from "../passes/random-classifier.ts";
import { parseTflite } from "../tflite/parse-tflite.ts";
import { type CanonicalComponent, type CompiledVersion, compileVersion } from "./compile-version.ts";
import { batchOf, imageDigest } from "./image-batches.ts";
import { suitsMachine, targetNamed, targets } from "./target-list.ts";

let engine: Engine;
let compiled: CompiledVersion;
const images = randomImages(64, 11);
const fresh = randomImages(64, 12);
const names = targets.map((target) => target.name);

before(async () => {
  engine = await startInlineEngine();
  compiled = await compileVersion({ components: components(), targets: names, calibration: images, engine });
});
after(() => engine.close());

test("every component has a variant for every target, named by the digest of its bytes", () => {
  assert.equal(compiled.variants.length, 3 * targets.length);
  for (const variant of compiled.variants) assert.equal(variant.digest, digestOf(variant.bytes));
  assert.deepEqual(compiled.calibrationDigests, new Set(images.map(imageDigest)));
});

test("the same request gives the same bytes", async () => {
  const again = await compileVersion({ components: components(), targets: names, calibration: images, engine });
  assert.deepEqual(
    again.variants.map(({ digest }) => digest),
    compiled.variants.map(({ digest }) => digest),
  );
});

test("heads stay float: their variant is the same file for every target of an engine", () => {
  const byEngine = Map.groupBy(
    compiled.variants.filter(({ component }) => component === "sign"),
    ({ target }) => targetNamed(target).engine,
  );
  for (const signs of byEngine.values()) assert.equal(new Set(signs.map(({ digest }) => digest)).size, 1);
  assert.equal(byEngine.size, 2);
});

test("a TFLite device runs backbone and heads with one engine, close to the canonical model", async () => {
  const tflite = await startInlineEngine({ engine: "tflite" });
  const answers = async (runner: Engine, target: string) => {
    const files = compiled.variants.filter((variant) => variant.target === target);
    const model = await runner.load(files.map(({ component, bytes }) => ({ name: component, bytes })));
    const { outputs } = await model.run({ image: batchOf(fresh) });
    await model.unload();
    return outputs.sign!.data as Float32Array;
  };
  const reference = await answers(engine, "ort-cpu-fp32");
  const noise = async (target: string) => {
    const found = await answers(tflite, target);
    return 10 * Math.log10(squares(found.map((value, index) => value - reference[index]!)) / squares(reference));
  };
  assert.ok((await noise("tflite-float32")) < -90);
  assert.ok((await noise("tflite-int8")) < -28);
  await tflite.close();
});

test("a backbone that reads something else than images is calibrated on inputs of its own", async () => {
  const [head] = components().filter(({ role }) => role === "head");
  const calibrationInputs = [
    { embedding: { dtype: "float32" as const, shape: [1, 64], data: new Float32Array(64).fill(2) } },
  ];
  const rows: CanonicalComponent = { ...head!, role: "backbone" };
  const { variants } = await compileVersion({
    components: [rows],
    targets: ["ort-cpu-x86", "tflite-int8"],
    calibrationInputs,
    engine,
  });
  assert.ok(parseModel(variants[0]!.bytes).nodes.some(({ op }) => op === "QuantizeLinear"));
  assert.ok(parseTflite(variants[1]!.bytes).operators.some(({ op }) => op === "QUANTIZE"));
});

test("the smallest network's integer variant takes at most 0.35 of the float one", () => {
  const bytes = (target: string) =>
    compiled.variants
      .filter((variant) => variant.target === target)
      .reduce((sum, variant) => sum + variant.bytes.length, 0);
  const ratio = bytes("ort-cpu-x86") / bytes("ort-cpu-fp32");
  assert.ok(ratio <= 0.35, `takes ${ratio.toFixed(3)}`);
});

test("the float variant equals the canonical model and the 7-bit one is within −28 dB of it", async () => {
  const reference = await embeddings("ort-cpu-fp32");
  const error = (values: Float32Array) =>
    squares(values.map((value, index) => value - reference[index]!)) / squares(reference);
  assert.ok(error(await canonicalEmbeddings()) < 1e-10);
  assert.ok(10 * Math.log10(error(await embeddings("ort-cpu-x86"))) < -28);
});

test("the integer variant has no float work between image and embedding", () => {
  const graph = parseModel(bytesOf("ort-cpu-x86"));
  const reads = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node.op] as const)));
  for (const node of graph.nodes.filter(({ op }) => op === "Conv" || op === "Gemm" || op === "MaxPool")) {
    assert.equal(reads.get(node.inputs[0]!), "DequantizeLinear", node.op);
  }
  assert.equal(
    graph.nodes.some(({ op }) => op === "Cast" || op === "Sub"),
    false,
  );
});

test("an unknown target, a missing calibration and images of a wrong size are refused by code", async () => {
  const refused = (code: string, request: Partial<Parameters<typeof compileVersion>[0]>) =>
    assert.rejects(
      compileVersion({ components: components(), targets: ["ort-cpu-x86"], engine, ...request }),
      (error) => error instanceof CompilerError && error.code === code,
    );
  await refused("unknown-target", { targets: ["abacus"] });
  await refused("no-calibration", {});
  await refused("empty-histogram", { calibration: [] });
  await refused("shape-mismatch", { calibration: [{ data: new Uint8Array(12), width: 2, height: 2 }] });
  await refused("malformed-model", { components: [{ name: "torn", role: "backbone", bytes: Uint8Array.of(1, 2, 3) }] });
});

test("a target suits a machine by its processor's features", () => {
  const machine = (arch: string, flags: string) => ({
    arch,
    cpuinfo: `processor\t: 0\nflags\t\t: fpu ${flags} sse\n`,
    deviceTreeModel: "",
  });
  const anywhere = ["ort-cpu-fp32", "tflite-int8", "tflite-float32"];
  const suiting = (arch: string, flags: string) =>
    targets.filter((target) => suitsMachine(target, machine(arch, flags))).map(({ name }) => name);
  assert.deepEqual(suiting("x64", "avx2 avx512_vnni"), ["ort-cpu-x86-vnni", "ort-cpu-x86", ...anywhere]);
  assert.deepEqual(suiting("x64", "avx2"), ["ort-cpu-x86", ...anywhere]);
  assert.deepEqual(suiting("arm64", ""), anywhere);
  assert.equal(targetNamed("ort-cpu-x86").format.kind, "int8");
});

function components(): CanonicalComponent[] {
  const { backbone, heads } = randomClassifier();
  const headComponents = Object.entries(heads).map(([name, head]) => ({
    name,
    role: "head" as const,
    bytes: serializeModel(head),
  }));
  return [{ name: "backbone", role: "backbone", bytes: serializeModel(backbone) }, ...headComponents];
}

function bytesOf(target: string): Uint8Array {
  return compiled.variants.find((variant) => variant.component === "backbone" && variant.target === target)!.bytes;
}

async function embeddings(target: string): Promise<Float32Array> {
  const model = await engine.load([{ name: target, bytes: bytesOf(target) }]);
  const { outputs } = await model.run({ image: batchOf(fresh) });
  await model.unload();
  return outputs.embedding!.data as Float32Array;
}

async function canonicalEmbeddings(): Promise<Float32Array> {
  const model = await engine.load([{ name: "canonical", bytes: components()[0]!.bytes }]);
  const data = new Float32Array(fresh.length * 3072);
  fresh.forEach((image, member) => {
    image.data.forEach((value, index) => {
      data[(member * 3 + (index % 3)) * 1024 + Math.floor(index / 3)] = (value - 128) / 128;
    });
  });
  const { outputs } = await model.run({ image: { dtype: "float32", shape: [fresh.length, 3, 32, 32], data } });
  await model.unload();
  return outputs.embedding!.data as Float32Array;
}

function squares(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
