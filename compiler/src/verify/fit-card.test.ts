import assert from "node:assert/strict";
import { before, test } from "node:test";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";
import { serializeModel } from "../graph/model.ts";
import { randomClassifier, randomImages } from "../passes/random-classifier.ts";
import { type CompiledVersion, compileVersion } from "../targets/compile-version.ts";
import { strongestClasses } from "./answers.ts";
import { type FitCardRequest, fitCard, fitCards } from "./fit-card.ts";
import { quantileOf, type VariantFiles } from "./variant-bench.ts";

const calibration = randomImages(32, 21);
const judged = randomImages(48, 22).map((image, index) => ({ image, unit: `track-${index % 12}`, label: 0 }));
let compiled: CompiledVersion;

before(async () => {
  const { backbone, heads } = randomClassifier();
  const engine = await startInlineEngine();
  const components = [
    { name: "backbone", role: "backbone" as const, bytes: serializeModel(backbone) },
    ...Object.entries(heads).map(([name, head]) => ({ name, role: "head" as const, bytes: serializeModel(head) })),
  ];
  compiled = await compileVersion({ components, targets: ["ort-cpu-fp32", "ort-cpu-x86"], calibration, engine });
  await engine.close();
});

test("fit cards hold what was measured, with n, interval and machine", async () => {
  const [float, integer] = await fitCards(request());
  assert.equal(float!.agreement, null);
  assert.equal(float!.sizeRatio, 1);
  assert.equal(integer!.agreement!.n, 12);
  assert.ok(integer!.agreement!.value > 0.8 && integer!.agreement!.high <= 1);
  assert.ok(integer!.difference!.low < integer!.difference!.high);
  assert.ok(integer!.sizeRatio < 0.35);
  assert.equal(integer!.latency!.n, 30);
  assert.ok(integer!.latency!.p50Us > 0 && integer!.latency!.p50Us <= integer!.latency!.p95Us);
  assert.match(integer!.latency!.machine.engine, /^onnxruntime \d/);
  assert.ok(integer!.peakMemoryBytes! > 0);
  assert.deepEqual(Object.keys(integer!.components), ["backbone", "sign", "category"]);
});

test("without labels accuracy and difference are not measured, agreement is", async () => {
  const { variants, ...rest } = request();
  const unlabelled = judged.map(({ image, unit }) => ({ image, unit }));
  const card = await fitCard({ ...rest, variant: variants[1]!, images: unlabelled });
  assert.equal(card.accuracy, null);
  assert.equal(card.difference, null);
  assert.equal(card.agreement!.n, 12);
});

test("images that calibration saw, no images and unknown heads are refused by code", async () => {
  const overlapping = [...judged, { image: calibration[3]!, unit: "seen" }];
  await refused("calibration-overlap", { images: overlapping });
  await refused("invalid-argument", { images: [] });
  await refused("invalid-argument", { head: "depth" });
});

test("the strongest class of each row wins, the first of equals", () => {
  const logits = { dtype: "float32", shape: [3, 3], data: Float32Array.of(0, 2, 1, 5, 5, 5, -3, -2, -1) } as const;
  assert.deepEqual(strongestClasses(logits), [1, 0, 2]);
});

test("quantiles are taken from ascending values", () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => index);
  assert.equal(quantileOf(values, 0.5), 50);
  assert.equal(quantileOf(values, 0.95), 95);
  assert.equal(quantileOf(values, 1), 99);
});

function request(): FitCardRequest {
  const [reference, integer] = ["ort-cpu-fp32", "ort-cpu-x86"].map(filesOf);
  return {
    variants: [reference!, integer!],
    reference: filesOf("ort-cpu-fp32"),
    head: "category",
    images: judged,
    calibrationDigests: compiled.calibrationDigests,
    rounds: 30,
  };
}

function filesOf(target: string): VariantFiles {
  return { target, components: compiled.variants.filter((variant) => variant.target === target) };
}

async function refused(code: string, change: Partial<FitCardRequest>): Promise<void> {
  await assert.rejects(
    fitCards({ ...request(), ...change }),
    (error) => error instanceof CompilerError && error.code === code,
  );
}
