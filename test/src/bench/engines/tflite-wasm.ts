import { type Bench, type BenchOutcome, type BenchResult, median } from "../bench.ts";
import { datasetFolder } from "../datasets.ts";
import { anomalyAgreement, type ClassifierAgreement, classifierAgreement } from "./tflite-wasm/agreement.ts";

/** `--only tflite-wasm`: every model file of MLPerf Tiny in the tflite engine, against independent kernels. */
export const tfliteWasmBench: Bench = {
  name: "tflite-wasm",
  about: "MLPerf Tiny's model files in the tflite engine, against golden logits of independent kernels",
  async run({ log }): Promise<BenchOutcome> {
    const found = datasetFolder("mlperf-tiny");
    if ("why" in found) return { results: [], skipped: [{ id: "tflite-wasm", why: found.why }] };
    const results: BenchResult[] = [];
    log("image classification and keyword spotting");
    results.push(floatResult(await classifierAgreement(found.dir, "ic01-fp32", Number.POSITIVE_INFINITY)));
    for (const [name, share] of [
      ["ic01-int8", 0.96],
      ["kws01-int8", 0.99],
    ] as const) {
      const agreement = await classifierAgreement(found.dir, name, Number.POSITIVE_INFINITY);
      results.push(topResult(name, share, agreement), ...stepResults(name, agreement));
    }
    log("anomaly detection");
    for (const [name, tolerance] of [
      ["ad01-fp32", 1e-3],
      ["ad01-int8", undefined],
    ] as const) {
      const { n, worst } = await anomalyAgreement(found.dir, name, Number.POSITIVE_INFINITY);
      results.push(anomalyResult(name, tolerance, n, worst));
    }
    return { results, skipped: [] };
  },
};

function floatResult({ n, worst, runUs }: ClassifierAgreement): BenchResult {
  return {
    id: "tflite-wasm-ic01-fp32",
    what: "largest difference of a probability to the golden one after softmax",
    value: worst,
    unit: "",
    goal: "≤ 0.001",
    met: worst <= 1e-3,
    n,
    note: time(runUs),
  };
}

function topResult(name: string, share: number, { n, sameTop, runUs }: ClassifierAgreement): BenchResult {
  return {
    id: `tflite-wasm-${name}`,
    what: "share of inputs whose top class is the golden one",
    value: sameTop / n,
    unit: "",
    goal: `≥ ${share}`,
    met: sameTop / n >= share,
    n,
    note: time(runUs),
  };
}

function stepResults(name: string, { lsb }: ClassifierAgreement): BenchResult[] {
  const total = [...lsb.values()].reduce((sum, count) => sum + count, 0);
  const within = [...lsb].reduce((sum, [steps, count]) => sum + (Math.abs(steps) <= 1 ? count : 0), 0);
  return [
    {
      id: `tflite-wasm-${name}-lsb`,
      what: "share of probabilities within one step of 1/256 of the golden ones",
      value: within / total,
      unit: "",
      goal: "printed",
      met: null,
      n: total,
      note: `steps: count — ${histogram(lsb)}`,
    },
  ];
}

const bins = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Counts by distance in steps, both signs together, the bins doubling. */
function histogram(lsb: ReadonlyMap<number, number>): string {
  return bins
    .map((from, index) => {
      const to = (bins[index + 1] ?? 257) - 1;
      const count = [...lsb].reduce(
        (sum, [steps, n]) => sum + (Math.abs(steps) >= from && Math.abs(steps) <= to ? n : 0),
        0,
      );
      return { name: from === to ? `${from}` : `${from}–${to}`, count };
    })
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name}: ${count}`)
    .join(", ");
}

function anomalyResult(name: string, tolerance: number | undefined, n: number, worst: number): BenchResult {
  return {
    id: `tflite-wasm-${name}`,
    what: "largest relative difference of a clip's error to the golden one",
    value: worst,
    unit: "",
    goal: tolerance === undefined ? "printed" : `≤ ${tolerance}`,
    met: tolerance === undefined ? null : worst <= tolerance,
    n,
    note: "",
  };
}

const time = (runUs: readonly number[]) => `median ${median(runUs).toFixed(0)} µs a run in the engine`;
