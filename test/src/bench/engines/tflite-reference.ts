import type { Bench, BenchOutcome, BenchResult } from "../bench.ts";
import { datasetFolder } from "../datasets.ts";
import { clipAgreement, type LogitAgreement, logitAgreement } from "./tflite-reference/golden-agreement.ts";

const everything = Number.POSITIVE_INFINITY;
const largestDifference = 1e-3;

/** `--only tflite-reference`: the compiler's reader and integer reference kernels against golden logits. */
export const tfliteReferenceBench: Bench = {
  name: "tflite-reference",
  about: "MLPerf Tiny's model files through the compiler's reader and plain kernels, against golden logits",
  async run({ log }): Promise<BenchOutcome> {
    const found = datasetFolder("mlperf-tiny");
    if ("why" in found) return { results: [], skipped: [{ id: "tflite-reference", why: found.why }] };
    const results: BenchResult[] = [];
    for (const name of ["ic01-int8", "kws01-int8"] as const) {
      log(name);
      results.push(stepResult(name, logitAgreement(found.dir, name, everything)));
    }
    log("ic01-fp32");
    const { n, worst } = logitAgreement(found.dir, "ic01-fp32", everything);
    results.push(
      differenceResult("ic01-fp32", "largest relative difference of a logit to the golden one", { n, worst }),
    );
    for (const name of ["ad01_fp32", "ad01_int8"] as const) {
      log(name);
      const what = "largest relative difference of a clip's error to the golden one";
      results.push(differenceResult(name.replace("_", "-"), what, clipAgreement(found.dir, name, everything)));
    }
    return { results, skipped: [] };
  },
};

function stepResult(name: string, { n, steps }: LogitAgreement): BenchResult {
  const worst = Math.max(...[...steps.keys()].map(Math.abs));
  const counts = [...steps].sort(([left], [right]) => left - right).map(([step, count]) => `${step}: ${count}`);
  return {
    id: `tflite-reference-${name}`,
    what: "largest distance of a logit to the golden one",
    value: worst,
    unit: "LSB",
    goal: "≤ 1",
    met: worst <= 1,
    n,
    note: `distance: count — ${counts.join(", ")}`,
  };
}

function differenceResult(
  name: string,
  what: string,
  { n, worst }: { readonly n: number; readonly worst: number },
): BenchResult {
  return {
    id: `tflite-reference-${name}`,
    what,
    value: worst,
    unit: "",
    goal: `≤ ${largestDifference}`,
    met: worst <= largestDifference,
    n,
    note: "",
  };
}
