import type { DriftReference } from "./reference.ts";
import { distances } from "./statistic.ts";
import type { WindowSummary } from "./window.ts";

/** The score at which a window no longer looks like anything the version was made for. */
export const driftThreshold = 1;
/** How many windows in a row must lie above the threshold before the hub raises an alarm. */
export const windowsToAlarm = 2;
/** Windows with fewer frames wait and are merged with the next one. */
export const leastFrames = 30;

/** How one window was judged. parts: statistic over its own limit; above 1 is beyond chance · domain: the nearest one */
export type DriftScore = {
  readonly score: number;
  readonly domain: string;
  readonly parts: Readonly<Record<string, number>>;
  readonly explanation: string;
};

/** Judges a window against every domain a version was made for; it drifts only when it looks like none of them. */
export function scoreWindow(window: WindowSummary, references: readonly DriftReference[]): DriftScore | undefined {
  let nearest: DriftScore | undefined;
  for (const reference of references) {
    const score = scoreAgainst(window, reference);
    if (nearest === undefined || score.score < nearest.score) nearest = score;
  }
  return nearest;
}

/** The index of the window at which an alarm is raised: the last of the first `windowsToAlarm` in a row above 1. */
export function alarmIndex(scores: readonly number[]): number | undefined {
  let above = 0;
  for (const [index, score] of scores.entries()) {
    above = score > driftThreshold ? above + 1 : 0;
    if (above >= windowsToAlarm) return index;
  }
  return undefined;
}

function scoreAgainst(window: WindowSummary, reference: DriftReference): DriftScore {
  const limits = limitsFor(window.frames, reference);
  const parts: Record<string, number> = {};
  for (const [part, value] of Object.entries(distances(window, reference.summary, reference.scale))) {
    const limit = limits[part];
    if (limit !== undefined) parts[part] = value / limit;
  }
  const [part, score] = Object.entries(parts).reduce((top, entry) => (entry[1] > top[1] ? entry : top), ["none", 0]);
  return { score, domain: reference.domain, parts, explanation: explain(part, score, reference) };
}

function limitsFor(frames: number, reference: DriftReference): Readonly<Record<string, number>> {
  const fitting = reference.limits.filter((limit) => limit.frames <= frames);
  return (fitting.at(-1) ?? reference.limits[0])?.parts ?? {};
}

function explain(part: string, score: number, reference: DriftReference): string {
  const verdict = score > driftThreshold ? "beyond what chance explains" : "within what chance explains";
  return `${describe(part)} lies at ${score.toFixed(2)} of its limit against the ${reference.domain} reference (${reference.tracks} tracks): ${verdict}.`;
}

function describe(part: string): string {
  if (part === "luma") return "Brightness of the frames";
  if (part === "embedding") return "The mean embedding";
  if (part.startsWith("confidence:")) return `Confidence of head ${part.slice("confidence:".length)}`;
  return "Nothing";
}
