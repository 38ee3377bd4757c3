import { agreement, pairedDifference, pairedUnits, proportion, proportionUnits } from "@fieldloop/compiler/statistics";
import type { Bench, BenchOptions, BenchOutcome, BenchResult } from "../bench.ts";
import { datasetFolder } from "../datasets.ts";
import { type LabelledImage, readCifarImages } from "./accuracy/cifar10-images.ts";
import { type Answers, type ImageRun, imageAnswers } from "./accuracy/image-answers.ts";
import { integerTargetHere } from "./accuracy/int8-target.ts";

const leastPoints = -0.3;
const leastAgreement = 0.97;

/** `--only ic-accuracy`: MLPerf Tiny's float ResNet-8 file compiled to int8 here, against the suite's own int8 file. */
export const icAccuracyBench: Bench = {
  name: "ic-accuracy",
  about: "ResNet-8 from float .tflite to int8 ONNX and TFLite, against MLPerf Tiny's own int8 on the same images",
  run: (options) => measuredOn(options, Number.POSITIVE_INFINITY),
};

async function measuredOn({ log }: BenchOptions, limit: number): Promise<BenchOutcome> {
  const folders = ["mlperf-tiny", "cifar10-jpeg-test"].map(datasetFolder);
  const target = integerTargetHere();
  const missing = [...folders, target].find((one) => "why" in one);
  if (missing !== undefined && "why" in missing)
    return { results: [], skipped: [{ id: "ic-accuracy", why: missing.why }] };
  const [mlperf, cifar] = folders.map((one) => ("dir" in one ? one.dir : ""));
  log("reading images");
  const images = await readCifarImages(mlperf ?? "", cifar ?? "", limit);
  const name = "name" in target ? target.name : "";
  log(`compiling for ${name} and tflite-int8, then judging on ${images.jpeg.length + images.lossless.length} images`);
  const run = await imageAnswers(mlperf ?? "", images, name);
  return { results: icResults(run, { jpeg: images.jpeg, lossless: images.lossless, target: name }), skipped: [] };
}

interface Judged {
  readonly jpeg: readonly LabelledImage[];
  readonly lossless: readonly LabelledImage[];
  readonly target: string;
}

/** The figures of one run, in the order of the table. */
export function icResults(run: ImageRun, { jpeg, lossless, target }: Judged): BenchResult[] {
  const results: BenchResult[] = [];
  for (const [set, answers, images] of [
    ["ic01", run.lossless, lossless],
    ["jpeg", run.jpeg, jpeg],
  ] as const) {
    const referenceAgreement = agreementWith(answers, "fp32", "reference", images);
    for (const side of ["onnx", "tflite"] as const) {
      results.push(differenceResult(set, side, answers, images));
      results.push(agreementResult(set, side, { answers, images, reference: referenceAgreement.value }));
    }
  }
  const { value, low, high, n } = agreementWith(run.lossless, "onnx", "tflite", lossless);
  results.push({
    id: "ic-accuracy.ic01.tflite-with-onnx",
    what: `top-1 agreement of tflite-int8 on the wasm with ${target}`,
    value: value * 100,
    unit: "%",
    goal: `≥ ${leastAgreement * 100}`,
    met: value >= leastAgreement,
    n,
    note: interval(low, high),
  });
  const { reference, onnx, tflite } = run.bytes;
  results.push({
    id: "ic-accuracy.bytes",
    what: "bytes of the int8 TFLite file over the suite's own",
    value: tflite / reference,
    unit: "×",
    goal: "≤ 1",
    met: tflite <= reference,
    n: 1,
    note: `${tflite} of ${reference} bytes; ${target} takes ${onnx}`,
  });
  return results;
}

function differenceResult(
  set: string,
  side: "onnx" | "tflite",
  answers: Answers,
  images: readonly LabelledImage[],
): BenchResult {
  const rows = images.map(({ name, label }, index) => ({
    unit: name,
    candidate: answers[side][index] === label,
    incumbent: answers.reference[index] === label,
  }));
  const { value, low, high, n } = pairedDifference(pairedUnits(rows));
  const accuracy = (of: keyof Answers) => percent(accuracyOf(answers[of], images));
  return {
    id: `ic-accuracy.${set}.${side}-difference`,
    what: `accuracy of int8 ${side} less that of the suite's int8, paired`,
    value: value * 100,
    unit: "points",
    goal: `≥ ${leastPoints}, interval reaching 0`,
    met: value * 100 >= leastPoints && high >= 0,
    n,
    note: `${interval(low, high)}; right: fp32 ${accuracy("fp32")}, suite's int8 ${accuracy("reference")}, ${side} ${accuracy(side)} %`,
  };
}

function agreementResult(
  set: string,
  side: "onnx" | "tflite",
  parts: { readonly answers: Answers; readonly images: readonly LabelledImage[]; readonly reference: number },
): BenchResult {
  const { value, low, high, n } = agreementWith(parts.answers, "fp32", side, parts.images);
  const isJudged = set === "jpeg";
  return {
    id: `ic-accuracy.${set}.${side}-agreement`,
    what: `top-1 agreement of int8 ${side} with fp32`,
    value: value * 100,
    unit: "%",
    goal: isJudged ? `≥ ${leastAgreement * 100} and above the suite's own` : "printed",
    met: isJudged ? value >= leastAgreement && value > parts.reference : null,
    n,
    note: `${interval(low, high)}; the suite's own int8 agrees in ${percent(parts.reference)} %`,
  };
}

function agreementWith(answers: Answers, left: keyof Answers, right: keyof Answers, images: readonly LabelledImage[]) {
  return agreement(
    images.map(({ name }, index) => ({
      unit: name,
      left: answers[left][index] ?? -1,
      right: answers[right][index] ?? -1,
    })),
  );
}

function accuracyOf(given: readonly number[], images: readonly LabelledImage[]): number {
  return proportion(
    proportionUnits(images.map(({ name, label }, index) => ({ unit: name, success: given[index] === label }))),
  ).value;
}

const percent = (share: number): string => (share * 100).toFixed(2);
const interval = (low: number, high: number): string => `95 % [${percent(low)}, ${percent(high)}]`;
