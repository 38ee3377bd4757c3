import assert from "node:assert/strict";
import { test } from "node:test";
import { datasetFolder } from "../../datasets.ts";
import { splitClips } from "../ad-auc.ts";
import { icResults } from "../ic-accuracy.ts";
import { goldenClips } from "../tflite-wasm/mlperf-tiny.ts";
import { anomalyScores } from "./anomaly-scores.ts";
import { areaUnderCurve } from "./area-under-curve.ts";
import { splitByHash } from "./by-hash.ts";
import { readCifarImages } from "./cifar10-images.ts";
import { imageAnswers } from "./image-answers.ts";
import { integerTargetHere } from "./int8-target.ts";

const mlperf = datasetFolder("mlperf-tiny");
const cifar = datasetFolder("cifar10-jpeg-test");
const target = integerTargetHere();
const missing = [mlperf, cifar, target].find((one) => "why" in one);
const skip = missing !== undefined && "why" in missing ? missing.why : false;
const folderOf = (found: typeof mlperf) => ("dir" in found ? found.dir : "");
const targetName = "name" in target ? target.name : "";

test("a float .tflite compiled here answers like fp32, more often than the suite's own int8 does", {
  skip,
}, async () => {
  const images = await readCifarImages(folderOf(mlperf), folderOf(cifar), 300);
  assert.deepEqual([images.calibration.length, images.jpeg.length, images.lossless.length], [500, 300, 200]);
  const seen = new Set(images.calibration.map(({ name }) => name));
  assert.ok(images.jpeg.every(({ name }) => !seen.has(name)));
  const run = await imageAnswers(folderOf(mlperf), images, targetName);
  const results = icResults(run, { ...images, target: targetName });
  const failed = results.filter(({ id, met }) => met === false && !id.includes("difference"));
  assert.deepEqual(failed, []);
  // 300 images tell differences of accuracy to about three points.
  for (const { id, value } of results) if (id.includes("difference")) assert.ok(value > -3, `${id}: ${value}`);
});

test("the compiled autoencoder keeps errors closer to fp32 than the suite's own int8 does", { skip }, async () => {
  const { calibration, judged } = splitClips(goldenClips(folderOf(mlperf), Number.POSITIVE_INFINITY));
  assert.deepEqual([calibration.length, judged.length], [40, 208]);
  const few = { calibration: calibration.slice(0, 5), judged: judged.filter((_, index) => index % 25 === 0) };
  const scores = await anomalyScores(folderOf(mlperf), few, targetName);
  const away = (side: "reference" | "onnx" | "tflite") =>
    scores[side].reduce((sum, score, index) => sum + Math.abs(score - scores.fp32[index]!), 0);
  assert.ok(away("onnx") < away("reference") && away("tflite") < away("reference"), JSON.stringify(scores));
});

test("the area under the curve is the share of pairs ranked rightly", () => {
  const scored = [0.1, 0.4, 0.4, 0.8].map((score, index) => ({ score, isAnomalous: index % 2 === 1 }));
  assert.equal(areaUnderCurve(scored), (1 + 0.5 + 1 + 1) / 4);
  assert.equal(areaUnderCurve(scored.map(({ score, isAnomalous }) => ({ score: -score, isAnomalous }))), 0.5 / 4);
});

test("a split by hash depends on names alone", () => {
  const names = Array.from({ length: 50 }, (_, index) => `clip-${index}`);
  const { chosen, rest } = splitByHash(names, 10, (name) => name);
  assert.deepEqual(new Set(splitByHash(names.toReversed(), 10, (name) => name).chosen), new Set(chosen));
  assert.deepEqual(new Set([...chosen, ...rest]), new Set(names));
  assert.equal(chosen.length, 10);
});
