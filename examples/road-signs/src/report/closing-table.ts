import type { Figure } from "@fieldloop/devices";
import {
  bytesText,
  countText,
  figureText,
  percentText,
  pointsText,
  secondsText,
  shortDigest,
  wholeText,
} from "./figure-text.ts";
import type { LoopReport } from "./loop-report.ts";

type Row = readonly [label: string, value: string, note?: string];

const labelWidth = 33;
const valueWidth = 28;

/** The table a run ends with, in lines of at most 80 columns: accuracy, answers, bytes, seconds and release digests. */
export function closingTable(report: LoopReport): string[] {
  const sections: readonly (readonly [title: string, rows: readonly Row[]])[] = [
    ["Field, dark images never trained on", fieldRows(report)],
    ["Old world, bright images", oldRows(report)],
    ["Answers", answerRows(report)],
    [`${report.devices.length} devices`, deviceRows(report)],
    ["Releases", releaseRows(report)],
  ];
  return sections.flatMap(([title, rows]) => [title, ...rows.map(line), ""]).slice(0, -1);
}

function line([label, value, note = ""]: Row): string {
  return `  ${label.padEnd(labelWidth)}${value.padEnd(valueWidth)}${note}`.trimEnd();
}

function fieldRows({ accuracy }: LoopReport): readonly Row[] {
  return [
    figureRow("v1, before", accuracy.fieldBefore),
    figureRow("v2, after the loop", accuracy.fieldAfter),
    gainRow(accuracy.fieldGain),
    ...optionalRow("uniform choice, as many answers", accuracy.fieldAfterUniform),
    ...optionalRow("all labels (ceiling)", accuracy.fieldAllLabels),
    ...optionalRow("nearest centroid (no learning)", accuracy.fieldNearestCentroid),
    ...optionalRow("v1 as the audit lane saw it", accuracy.fieldAudited),
  ];
}

function oldRows({ accuracy }: LoopReport): readonly Row[] {
  return [
    figureRow("v1, before", accuracy.oldBefore),
    figureRow("v2, after the loop", accuracy.oldAfter),
    gainRow(accuracy.oldGain),
  ];
}

function figureRow(label: string, figure: Figure | null): Row {
  return figure === null ? [label, figureText(null)] : [label, percentText(figure), countText(figure)];
}

function gainRow(figure: Figure | null): Row {
  return figure === null ? ["gain, paired", figureText(null)] : ["gain, paired", pointsText(figure), countText(figure)];
}

function optionalRow(label: string, figure: Figure | null): readonly Row[] {
  return figure === null ? [] : [figureRow(label, figure)];
}

function answerRows({ labels }: LoopReport): readonly Row[] {
  const share = labels.pool === 0 ? 0 : (100 * labels.used) / labels.pool;
  const machine: readonly Row[] =
    labels.machine === 0
      ? []
      : [["labels spread by machine", wholeText(labels.machine), `${wholeText(labels.machineRight)} were right`]];
  return [
    [
      "by a person, most worth it",
      `${wholeText(labels.used)} of ${wholeText(labels.pool)} frames`,
      `${share.toFixed(1)} %`,
    ],
    ["for the audit, apart", wholeText(labels.audit)],
    ...machine,
  ];
}

function deviceRows({ bytes, swap, refusedReleases, steps }: LoopReport): readonly Row[] {
  const refused = refusedReleases.filter((release) => release.refused).length;
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  return [
    ["sent, received", `${bytesText(bytes.up)}, ${bytesText(bytes.down)}`],
    ["frames during the swap", wholeText(swap.frames), `${wholeText(swap.unanswered)} unanswered`],
    ["bad releases refused", `${refused} of ${refusedReleases.length}`],
    ["whole loop", secondsText(seconds)],
  ];
}

function releaseRows({ releases, waves, brokenRelease, badRelease }: LoopReport): readonly Row[] {
  const healthy = waves.filter(({ state }) => state === "healthy").length;
  return [
    ["v1", shortDigest(releases.v1)],
    [
      "v2",
      releases.v2 === null ? "not released: the gate refused it" : shortDigest(releases.v2),
      wavesText(healthy, waves),
    ],
    ...(brokenRelease === null ? [] : [brokenRow(brokenRelease)]),
    ...(badRelease === null ? [] : [badRow(badRelease)]),
  ];
}

const wavesText = (healthy: number, waves: LoopReport["waves"]): string =>
  waves.length === 0 ? "" : `${healthy} of ${waves.length} waves`;

function brokenRow({ state, framesAnswered }: NonNullable<LoopReport["brokenRelease"]>): Row {
  return ["v2a, which cannot start", state, `${wholeText(framesAnswered)} frames answered`];
}

function badRow({ state, stoppedMs, predictions }: NonNullable<LoopReport["badRelease"]>): Row {
  const after = stoppedMs === null ? "" : ` after ${secondsText(stoppedMs / 1000)}`;
  return ["v2b, which starts and is bad", `${state}${after}`, `${wholeText(predictions)} predictions`];
}
