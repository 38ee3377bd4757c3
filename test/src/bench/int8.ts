import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileVersion, fitCards, targets, targetsHere } from "@fieldloop/compiler";
import type { FitCard } from "@fieldloop/devices";
import type { Bench, BenchOptions, BenchOutcome, BenchResult } from "./bench.ts";
import { datasetFolder } from "./datasets.ts";
import { readSigns, type SignImage, type SignParts } from "./gtsrb32.ts";
import { linesOf, signHeads, trained } from "./recipe.ts";

const reference = "ort-cpu-fp32";
const calibrationImages = 512;
const leastAgreement = 0.98;
const mostSizeRatio = 0.35;

/** `npm run bench -- int8`: v1 on real road signs, its integer variants beside fp32; `--full` trains all 1,500 steps. */
export const int8Bench: Bench = {
  name: "int8",
  about: "int8 variants of v1 on gtsrb32 beside fp32: agreement, size, latency on this processor",
  async run(options): Promise<BenchOutcome> {
    const data = datasetFolder("gtsrb32");
    if ("why" in data) return { results: [], skipped: [{ id: "int8", why: data.why }] };
    const folder = await mkdtemp(join(tmpdir(), "fieldloop-int8-"));
    try {
      const ours = targets.filter(({ engine }) => engine === "onnxruntime");
      const suited = targetsHere("onnxruntime").map(({ name }) => name);
      const cards = await measuredCards(folder, readSigns(data.dir), suited, options);
      const fp32 = cards.find(({ target }) => target === reference)!;
      const results = cards.filter((card) => card !== fp32).flatMap((card) => figures(card, fp32, stepsOf(options)));
      const why = "this processor lacks the instructions that it is made for";
      const others = ours.filter(({ name }) => !suited.includes(name));
      return { results, skipped: others.map(({ name }) => ({ id: `int8.${name}`, why })) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const stepsOf = ({ full }: BenchOptions): number => (full ? 1500 : 400);

async function measuredCards(
  folder: string,
  { oldTrain, oldValidation, oldTest }: SignParts,
  targetNames: readonly string[],
  options: BenchOptions,
): Promise<readonly FitCard[]> {
  const lines = [...linesOf(oldTrain, "train", "old"), ...linesOf(oldValidation, "val", "old")];
  const steps = stepsOf(options);
  options.log(`training v1, ${steps} steps`);
  await trained(folder, { lines, recipe: { heads: signHeads, light: false, seed: 0, steps } }, options);
  const components = await Promise.all(
    (["backbone", "sign", "category"] as const).map(async (name) => ({
      name,
      role: name === "backbone" ? ("backbone" as const) : ("head" as const),
      bytes: new Uint8Array(await readFile(join(folder, "model", `${name}.onnx`))),
    })),
  );
  options.log("compiling, then judging on the old test");
  const every = Math.floor(oldTrain.length / calibrationImages);
  const calibration = oldTrain.filter((_, index) => index % every === 0).map(imageOf);
  const compiled = await compileVersion({ components, targets: targetNames, calibration });
  const files = targetNames.map((target) => ({
    target,
    components: compiled.variants.filter((variant) => variant.target === target),
  }));
  return fitCards({
    variants: files,
    reference: files.find(({ target }) => target === reference)!,
    head: "sign",
    images: oldTest.map((each, index) => ({ image: imageOf(each), unit: String(index), label: each.sign })),
    calibrationDigests: compiled.calibrationDigests,
  });
}

const imageOf = ({ pixels }: SignImage) => ({ data: pixels, width: 32, height: 32 });

function figures(card: FitCard, fp32: FitCard, steps: number): BenchResult[] {
  const { target, sizeRatio } = card;
  // Cards of a CPU target that was judged on labelled images beside its reference leave none of these open.
  const [agreement, difference, latency, before] = [card.agreement!, card.difference!, card.latency!, fp32.latency!];
  const result = (id: string, what: string, value: number, unit: string, rest: Partial<BenchResult>): BenchResult => {
    return {
      id: `int8.${target}.${id}`,
      what,
      value,
      unit,
      goal: "printed",
      met: null,
      n: latency.n,
      note: "",
      ...rest,
    };
  };
  const percent = (share: number) => (share * 100).toFixed(2);
  const { value, low, high, n } = agreement;
  return [
    result("agreement", `top-1 agreement of ${target} with fp32 on the old test`, value * 100, "%", {
      goal: "≥ 98",
      met: value >= leastAgreement,
      n,
      note: `95 % [${percent(low)}, ${percent(high)}]; v1 of ${steps} steps`,
    }),
    result("accuracy-difference", "accuracy less fp32's, paired", difference.value * 100, "points", {
      n: difference.n,
      note: `95 % [${percent(difference.low)}, ${percent(difference.high)}]; fp32 is right in ${percent(fp32.accuracy!.value)} %`,
    }),
    result("size-ratio", "bytes over fp32's, heads included", sizeRatio, "×", {
      goal: `≤ ${mostSizeRatio}`,
      met: sizeRatio <= mostSizeRatio,
      n: 1,
      note: `${card.sizeBytes} of ${fp32.sizeBytes} bytes`,
    }),
    result("latency-ratio", "p50 latency of one image over fp32's, interleaved", latency.p50Us / before.p50Us, "×", {
      note: `${latency.p50Us.toFixed(0)} and ${before.p50Us.toFixed(0)} µs on ${latency.machine.name}, ${latency.machine.threads} thread`,
    }),
  ];
}
