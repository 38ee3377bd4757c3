import assert from "node:assert/strict";
import { test } from "node:test";
import { datasetFolder } from "../datasets.ts";
import { anomalyAgreement, classifierAgreement } from "./tflite-wasm/agreement.ts";

const found = datasetFolder("mlperf-tiny");
const skip = "why" in found ? found.why : false;
const dir = "dir" in found ? found.dir : "";

test("the tflite engine answers MLPerf Tiny's float classifier like independent kernels", { skip }, async () => {
  const { n, sameTop, worst } = await classifierAgreement(dir, "ic01-fp32", 25);
  assert.deepEqual([n, sameTop], [25, 25]);
  assert.ok(worst <= 1e-3, `differs by ${worst}`);
});

test("the tflite engine answers MLPerf Tiny's int8 classifiers like independent kernels", { skip }, async () => {
  const images = await classifierAgreement(dir, "ic01-int8", 200);
  assert.ok(images.sameTop >= 192, `${images.sameTop} of ${images.n}`);
  const words = await classifierAgreement(dir, "kws01-int8", 100);
  assert.ok(words.sameTop >= 99, `${words.sameTop} of ${words.n}`);
});

test("the tflite engine answers MLPerf Tiny's anomaly models like independent kernels", { skip }, async () => {
  assert.ok((await anomalyAgreement(dir, "ad01-fp32", 2)).worst <= 1e-3);
  assert.ok((await anomalyAgreement(dir, "ad01-int8", 2)).worst <= 0.05);
});
