import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { encodePng, type RawImage } from "@fieldloop/edge-runtime/operators";
import { serializeModel } from "../graph/model.ts";
import { encodeMessage } from "../onnx/codec.ts";
import { runPasses } from "../passes/pass.ts";
import { floatPasses } from "../passes/pass-list.ts";
import { randomClassifier, randomImages } from "../passes/random-classifier.ts";
import { exportTflite } from "../tflite/export/export-tflite.ts";
import { serializeTflite } from "../tflite/serialize-tflite.ts";
import { imageModel } from "../tflite/small-models.ts";
import { runCli } from "./run-cli.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-compile-"));
  const { backbone, heads } = randomClassifier();
  await writeFile(join(dir, "backbone.onnx"), serializeModel(backbone));
  await writeFile(join(dir, "sign.onnx"), serializeModel(heads.sign!));
  await writeFolder(join(dir, "calibration"), randomImages(16, 31));
  await writeFile(
    join(dir, "judged.idx.gz"),
    gzipSync(
      idxOf(
        [24, 32, 32, 3],
        randomImages(24, 32).map(({ data }) => data),
      ),
    ),
  );
  await writeFile(join(dir, "labels.idx"), idxOf([24], [new Uint8Array(24)]));
});
after(() => rm(dir, { recursive: true }));

test("compile writes variants, verify judges them and bench times them", async () => {
  const compiled = await json("compile", "backbone.onnx", "sign.onnx", "--calibrate", "calibration", "--out", "out");
  assert.equal(compiled.variants.length, 6);
  assert.equal(compiled.calibrationImages, 16);
  const verified = await json(
    "verify",
    "out",
    "--data",
    "judged.idx.gz",
    "--labels",
    "labels.idx",
    "--head",
    "sign",
    "--rounds",
    "10",
  );
  const card = verified.cards.find(({ target }: { target: string }) => target === "ort-cpu-x86");
  assert.equal(card.agreement.n, 24);
  assert.equal(card.accuracy.n, 24);
  assert.ok(card.sizeRatio < 0.35);
  const benched = await json("bench", "out", "--rounds", "10");
  assert.equal(benched.results.length, 3);
  const lines = await run("verify", "out", "--data", "judged.idx.gz", "--head", "sign", "--rounds", "5");
  assert.match(lines.stdout, /agreement %/);
  const onSeen = await run("verify", "out", "--data", "calibration", "--head", "sign");
  assert.equal(onSeen.code, 1);
  assert.match(onSeen.stderr, /16 of 16 were used/);
});

test("inspect says what a file holds", async () => {
  const found = await json("inspect", "backbone.onnx");
  assert.deepEqual(found.inputs, [{ name: "image", dtype: "float32", shape: ["N", 3, 32, 32] }]);
  assert.equal(found.operators.Conv, 3);
  assert.match((await run("inspect", "sign.onnx")).stdout, /gives +sign float32 \[N, 12\]/);
});

test("inspect prints the graph, one value a line", async () => {
  const { stdout } = await run("inspect", "sign.onnx");
  assert.match(stdout, /^graph \w+ \(opset 17\)$/m);
  assert.match(stdout, /^ {2}sign = Gemm\(.*\) .*: float32 \[N, 12\]/m);
  assert.match(stdout, /^ {2}gives sign : float32 \[N, 12\]$/m);
});

test("compile --stop-after writes and prints the graph as it is after a pass", async () => {
  const before = await json("compile", "backbone.onnx", "--stop-after", "bring-to-opset-17", "--out", "out");
  const after = await json("compile", "backbone.onnx", "--stop-after", "fold-batch-norm-into-conv", "--out", "out");
  const operators = async (path: string) => (await json("inspect", path)).operators;
  assert.equal((await operators(before.written[0])).BatchNormalization, 3);
  assert.equal((await operators(after.written[0])).BatchNormalization, undefined);
  const printed = await run("compile", "sign.onnx", "--stop-after", "minimise-names", "--out", "out");
  assert.match(printed.stdout, /sign\.after-minimise-names\.onnx:\ngraph g \(opset 17\)/);
  assert.match((await run("compile", "sign.onnx", "--stop-after", "guess", "--out", "out")).stderr, /Allowed choices/);
});

test("inspect reads weights beside the model and names the file that is missing", async () => {
  await writeFile(join(dir, "outside.onnx"), modelWithWeightsIn("outside.bin", 16));
  const { code, stderr } = await run("inspect", "outside.onnx");
  assert.equal(code, 1);
  assert.match(stderr, /"w": its file "outside.bin" is not in/);
  await writeFile(join(dir, "outside.bin"), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  assert.equal((await json("inspect", "outside.onnx")).parameters, 4);
  assert.match((await run("inspect", "outside.onnx")).stdout, /const w : float32 \[4\] = \[1, 2, 3, 4\]/);
  const compiled = await json("compile", "outside.onnx", "--target", "ort-cpu-fp32", "--out", "out");
  assert.equal((await json("inspect", join(dir, "out", "outside.ort-cpu-fp32.onnx"))).parameters, 4);
  assert.equal(compiled.variants.length, 1);
});

test("a TFLite file is known by its first bytes: inspected as it is, compiled once its pixels are named", async () => {
  const { backbone } = randomClassifier();
  await writeFile(join(dir, "float.model"), exportTflite(runPasses(backbone, floatPasses)));
  const found = await json("inspect", "float.model");
  assert.equal(found.format, "tflite");
  assert.deepEqual(found.inputs[0].shape, ["N", 32, 32, 3]);
  assert.equal(found.operators["CONV_2D v1"], 3);
  assert.match((await run("inspect", "float.model")).stdout, /MAX_POOL_2D v1 {2}float32 \[1, 32, 32, 16\] → /);
  await writeFile(join(dir, "net.tflite"), serializeTflite(imageModel()));
  const unnamed = await run("compile", "net.tflite", "--calibrate", "calibration", "--out", "out");
  assert.equal(unnamed.code, 1);
  assert.match(unnamed.stderr, /Expected --pixels/);
  const given = [
    "--target",
    "ort-cpu-fp32",
    "tflite-int8",
    "--calibrate",
    "calibration",
    "--pixels",
    "unit",
    "--out",
    "out",
  ];
  const compiled = await json("compile", "net.tflite", ...given);
  assert.deepEqual(
    compiled.variants.map(({ file }: { file: string }) => file),
    ["net.ort-cpu-fp32.onnx", "net.tflite-int8.tflite"],
  );
  const benched = await json("bench", "out", "--rounds", "5");
  assert.match(benched.machine.engine, /^onnxruntime .* and tflite$/);
  const verified = await json("verify", "out", "--data", "judged.idx.gz", "--head", "y", "--rounds", "5");
  assert.equal(verified.cards[1].target, "tflite-int8");
  assert.ok(verified.cards[1].agreement.value > 0.8);
});

test("the program itself ends with the command's code", async () => {
  const { error, stderr } = await new Promise<{ error: unknown; stderr: string }>((resolve) => {
    const given = ["--conditions=fieldloop", main, "inspect", "absent.onnx"];
    execFile(process.execPath, given, { cwd: dir }, (error, _, stderr) => resolve({ error, stderr }));
  });
  assert.equal((error as { code?: number }).code, 1);
  assert.match(stderr, /^fieldloop-compile: Expected an ONNX file at absent.onnx/);
});

test("bad input ends with one sentence and a code that is not zero", async () => {
  const cases = [
    ["inspect", "absent.onnx"],
    ["inspect", "labels.idx"],
    ["compile", "backbone.onnx", "--target", "ort-cpu-x86", "--out", "none"],
    ["compile", "backbone.onnx", "--calibrate", "labels.idx", "--out", "none"],
    ["compile", "backbone.onnx", "--calibrate", "absent", "--out", "none"],
    ["compile", "backbone.onnx", "--target", "abacus"],
    ["verify", "calibration", "--data", "calibration", "--head", "sign"],
  ];
  for (const given of cases) {
    const { code, stderr } = await run(...given);
    assert.equal(code, 1, given.join(" "));
    assert.match(stderr.trim(), /^[^\n]+$/, given.join(" "));
  }
});

function modelWithWeightsIn(location: string, length: number): Uint8Array {
  const externalData = Object.entries({ location, length: String(length) }).map(([key, value]) => ({ key, value }));
  return encodeMessage("Model", {
    irVersion: 8,
    opsetImport: [{ version: 17 }],
    graph: {
      name: "outside",
      initializer: [{ name: "w", dims: [length / 4], dataType: 1, dataLocation: 1, externalData }],
      node: [{ opType: "Identity", input: ["w"], output: ["y"] }],
      output: [{ name: "y", type: { tensorType: { elemType: 1 } } }],
    },
  });
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...given: string[]): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  const inside = given.map((each) =>
    existsSync(join(dir, each)) || /absent|^out$|^none$/.test(each) ? join(dir, each) : each,
  );
  const code = await runCli(
    inside,
    (text) => {
      stdout += text;
    },
    (text) => {
      stderr += text;
    },
  );
  return { code, stdout, stderr };
}

async function json(...given: string[]) {
  const { code, stdout, stderr } = await run(...given, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function writeFolder(path: string, images: readonly RawImage[]): Promise<void> {
  await mkdir(path);
  for (const [index, image] of images.entries()) await writeFile(join(path, `${index}.png`), await encodePng(image));
}

function idxOf(dimensions: readonly number[], parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length, 0);
  dimensions.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, ...parts]);
}
