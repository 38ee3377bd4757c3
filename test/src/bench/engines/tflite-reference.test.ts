import assert from "node:assert/strict";
import { test } from "node:test";
import { datasetFolder } from "../datasets.ts";
import { clipAgreement, logitAgreement } from "./tflite-reference/golden-agreement.ts";

const found = datasetFolder("mlperf-tiny");
const skip = "why" in found ? found.why : false;
const dir = "dir" in found ? found.dir : "";

test("the reference kernels give MLPerf Tiny's golden int8 logits", { skip }, () => {
  for (const name of ["ic01-int8", "kws01-int8"] as const) {
    const { n, steps } = logitAgreement(dir, name, 8);
    assert.equal(n, 8);
    for (const step of steps.keys()) assert.ok(Math.abs(step) <= 1, `${name}: ${step}`);
  }
});

test("the reference kernels give MLPerf Tiny's golden float logits and reconstruction errors", { skip }, () => {
  const { n, worst } = logitAgreement(dir, "ic01-fp32", 5);
  assert.equal(n, 5);
  assert.ok(worst <= 1e-3, `differs by ${worst}`);
  for (const name of ["ad01_fp32", "ad01_int8"] as const) assert.ok(clipAgreement(dir, name, 1).worst <= 1e-3);
});
