import { type Random, seededRandom } from "@fieldloop/compiler/statistics";
import { type Bench, type BenchOutcome, type BenchResult, quantile } from "../bench.ts";
import { datasetFolder } from "../datasets.ts";
import { anomalyScores, type ClipScores } from "./accuracy/anomaly-scores.ts";
import { areaUnderCurve } from "./accuracy/area-under-curve.ts";
import { splitByHash } from "./accuracy/by-hash.ts";
import { integerTargetHere } from "./accuracy/int8-target.ts";
import { type GoldenClip, goldenClips } from "./tflite-wasm/mlperf-tiny.ts";

const calibrationClips = 40;
const mostOfReference = 1 / 3;
const resamples = 500;

/** `--only ad-auc`: MLPerf Tiny's float autoencoder compiled to int8 here, against the suite's own int8 file. */
export const adAucBench: Bench = {
  name: "ad-auc",
  about: "the anomaly autoencoder from float .tflite to int8 ONNX and TFLite, against MLPerf Tiny's own int8",
  async run({ log }): Promise<BenchOutcome> {
    const found = datasetFolder("mlperf-tiny");
    const target = integerTargetHere();
    if ("why" in found) return { results: [], skipped: [{ id: "ad-auc", why: found.why }] };
    if ("why" in target) return { results: [], skipped: [{ id: "ad-auc", why: target.why }] };
    const { calibration, judged } = splitClips(goldenClips(found.dir, Number.POSITIVE_INFINITY));
    log(`compiling for ${target.name} and tflite-int8, then scoring ${judged.length} clips`);
    const scores = await anomalyScores(found.dir, { calibration, judged }, target.name);
    return { results: [lossResult("onnx", scores, judged), lossResult("tflite", scores, judged)], skipped: [] };
  },
};

/** Normal clips that calibrate, chosen by hash, and all other clips. */
export function splitClips(clips: readonly GoldenClip[]) {
  const normal = clips.filter(({ isAnomalous }) => !isAnomalous);
  const { chosen } = splitByHash(normal, calibrationClips, ({ file }) => file);
  const seen = new Set(chosen);
  return { calibration: chosen, judged: clips.filter((clip) => !seen.has(clip)) };
}

function lossResult(side: "onnx" | "tflite", scores: ClipScores, clips: readonly GoldenClip[]): BenchResult {
  const places = clips.map((_, index) => index);
  const area = (of: keyof ClipScores, some: readonly number[] = places) =>
    areaUnderCurve(
      some.map((index) => ({ score: scores[of][index] ?? 0, isAnomalous: clips[index]?.isAnomalous === true })),
    );
  const lossOf = (of: "reference" | "onnx" | "tflite", some?: readonly number[]) => area("fp32", some) - area(of, some);
  const [loss, reference] = [lossOf(side), lossOf("reference")];
  const random = seededRandom("ad-auc");
  const drawn = Array.from({ length: resamples }, () => lossOf(side, resampled(clips, random)));
  const text = (value: number) => value.toFixed(4);
  return {
    id: `ad-auc.${side}-loss`,
    what: `area under the curve that int8 ${side} loses to fp32`,
    value: loss,
    unit: "",
    goal: `≤ 1/3 of the suite's own, ${text(reference * mostOfReference)}`,
    met: loss <= reference * mostOfReference,
    n: clips.length,
    note: `95 % [${text(quantile(drawn, 0.025))}, ${text(quantile(drawn, 0.975))}]; area: fp32 ${text(area("fp32"))}, suite's int8 ${text(area("reference"))}, ${side} ${text(area(side))}`,
  };
}

/** As many clips of each kind, drawn again with return. */
function resampled(clips: readonly GoldenClip[], random: Random): number[] {
  const places = clips.map((_, index) => index);
  return [true, false].flatMap((kind) => {
    const of = places.filter((index) => clips[index]?.isAnomalous === kind);
    return of.map(() => of[Math.floor(random() * of.length)] ?? 0);
  });
}
