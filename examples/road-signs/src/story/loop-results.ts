import { proportion, proportionUnits } from "@fieldloop/compiler/statistics";
import type { Figure, FitCard } from "@fieldloop/devices";
import { nearestCentroid } from "../dataset/nearest-centroid.ts";
import type { LoopReport } from "../report/loop-report.ts";
import type { Compared } from "./comparison.ts";
import type { Answered } from "./steps/answer.ts";
import type { BrokenDone } from "./steps/broken-release.ts";
import type { Dusk } from "./steps/dusk.ts";
import type { FirstRelease } from "./steps/first-release.ts";
import type { HarmfulDone } from "./steps/harmful-release.ts";
import type { Noticed } from "./steps/notice.ts";
import type { Refused } from "./steps/refuse.ts";
import type { Retrained } from "./steps/retrain.ts";
import type { TestResults } from "./steps/tests.ts";
import type { WavesDone } from "./steps/waves.ts";
import type { Story } from "./story.ts";
import type { Meanwhile } from "./while-playing.ts";

/** What rolling v2 and the bad ones after it out left, when the gate let v2. */
export type RolledOut = {
  readonly waves: WavesDone;
  readonly refusals: Refused;
  readonly broken: BrokenDone;
  readonly harmful: HarmfulDone;
};

/** What every step of the loop left. */
export type LoopResults = {
  readonly cards: readonly FitCard[];
  readonly first: FirstRelease;
  readonly dusk: Dusk;
  readonly noticed: Noticed;
  readonly answered: Answered;
  readonly v2: Retrained;
  readonly tests: TestResults;
  readonly rolledOut: RolledOut | undefined;
  readonly compared: { readonly uniform: Compared; readonly allLabels: Compared } | undefined;
};

/** Puts the results of a run into its report. */
export function reportOf(story: Story, results: LoopResults): LoopReport {
  const { cards, first, noticed, answered, v2, rolledOut } = results;
  return {
    data: story.data.name,
    seed: story.options.seed,
    outcome: v2.gate.passed ? "released" : "gate-refused",
    accuracy: accuracyOf(story, results),
    drift: {
      before: first.driftBefore,
      after: noticed.driftAfter,
      threshold: first.threshold,
      windowsToAlarm: noticed.windowsToAlarm,
    },
    labels: {
      used: answered.used,
      audit: answered.audit,
      pool: story.data.field.reduce((sum, track) => sum + track.frames.length, 0),
      machine: v2.machine,
      machineRight: v2.machineRight,
    },
    gate: { passed: v2.gate.passed, rules: v2.gate.rules.map(({ sentence }) => sentence) },
    variants: [...cards],
    devices: [...first.devices],
    refusedReleases: [...(rolledOut?.refusals.refused ?? [])],
    waves: [...(rolledOut?.waves.waves ?? [])],
    brokenRelease: rolledOut === undefined ? null : withoutMeanwhile(rolledOut.broken),
    badRelease: rolledOut === undefined ? null : withoutMeanwhile(rolledOut.harmful),
    swap: {
      frames: rolledOut?.waves.frames ?? 0,
      unanswered: meanwhiles(rolledOut).reduce((sum, { unanswered }) => sum + unanswered, 0),
    },
    bytes: bytesOf(results),
    releases: { v1: first.release, v2: rolledOut?.waves.release ?? null },
    steps: [...story.printer.steps],
  };
}

/** Every stretch of frames during which releases were offered. */
function meanwhiles(rolledOut: RolledOut | undefined): readonly Meanwhile[] {
  if (rolledOut === undefined) return [];
  const { waves, refusals, broken, harmful } = rolledOut;
  return [waves, refusals, broken, harmful].map(({ meanwhile }) => meanwhile);
}

function withoutMeanwhile<Done extends { readonly meanwhile: Meanwhile }>({ meanwhile: _, ...figures }: Done) {
  return figures;
}

function accuracyOf({ data }: Story, { tests, answered, compared }: LoopResults): LoopReport["accuracy"] {
  return {
    fieldBefore: tests.field.before,
    fieldAfter: tests.field.after,
    fieldAfterUniform: compared?.uniform.field ?? null,
    fieldAllLabels: compared?.allLabels.field ?? null,
    fieldAudited: answered.accuracy,
    fieldNearestCentroid: compared === undefined ? null : centroidAccuracy(data),
    oldBefore: tests.old.before,
    oldAfter: tests.old.after,
    fieldGain: tests.field.gain,
    oldGain: tests.old.gain,
  };
}

function centroidAccuracy(data: Story["data"]): Figure {
  const { classify } = nearestCentroid(data.old.train.flatMap(({ frames }) => frames));
  const images = data.tests.field;
  return proportion(
    proportionUnits(images.map((image, index) => ({ unit: String(index), success: classify(image) === image.sign }))),
  );
}

function bytesOf({ dusk, rolledOut }: LoopResults): LoopReport["bytes"] {
  const parts = [dusk.bytes, ...meanwhiles(rolledOut).map(({ bytes }) => bytes)];
  return parts.reduce<LoopReport["bytes"]>((sum, bytes) => ({ up: sum.up + bytes.up, down: sum.down + bytes.down }), {
    up: 0,
    down: 0,
  });
}
