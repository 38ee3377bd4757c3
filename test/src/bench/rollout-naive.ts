import type { HealthFacts, HealthGate, HealthWindow } from "@fieldloop/cloud-hub/health";
import type { Judge } from "./rollout-simulation.ts";

/** One figure of a pool of frames. */
type Pool = { readonly mean: number; readonly error: number };
type Reading = (windows: readonly HealthWindow[]) => Pool;

const readings: readonly Reading[] = [
  (windows) => share(sum(windows, "badOutcomes"), sum(windows, "outcomes")),
  (windows) => share(sum(windows, "errors"), sum(windows, "errors") + sum(windows, "frames")),
  (windows) => lostConfidence(windows),
];

/** 1 % over three one-sided tests, for a single look. */
const quantile = 2.713;

/**
 * What a health gate must not be, as the control of the benchmark: frames of all devices in one pot as if they were independent,
 * and a test made for one look taken at every look.
 */
export const judgeNaively: Judge = ({ openedAt, now, treated, controls }: HealthFacts, gate: HealthGate) => {
  const windows = (series: HealthFacts["treated"], isAfter: boolean) =>
    series.flatMap((each) => each.windows.filter(({ at }) => at > openedAt === isAfter));
  const isWorse = readings.some((read) => {
    const pools = [windows(treated, true), windows(treated, false), windows(controls, true), windows(controls, false)];
    const [after, before, othersAfter, othersBefore] = pools.map(read) as [Pool, Pool, Pool, Pool]; // four in, four out
    const rise = after.mean - before.mean - (othersAfter.mean - othersBefore.mean);
    return rise > quantile * Math.hypot(after.error, before.error, othersAfter.error, othersBefore.error);
  });
  if (isWorse) return { decision: "harm", rules: [] };
  return { decision: now - openedAt >= gate.soakMs ? "healthy" : "wait", rules: [] };
};

const sum = (
  windows: readonly HealthWindow[],
  key: "badOutcomes" | "outcomes" | "errors" | "frames" | "confidenceSum",
) => windows.reduce((total, window) => total + window[key], 0);

function share(part: number, whole: number): Pool {
  const mean = whole === 0 ? 0 : part / whole;
  return { mean, error: Math.sqrt((mean * (1 - mean)) / Math.max(1, whole)) };
}

function lostConfidence(windows: readonly HealthWindow[]): Pool {
  const frames = Math.max(1, sum(windows, "frames"));
  const mean = sum(windows, "confidenceSum") / frames;
  const squares = windows.reduce((total, { confidenceSquares }) => total + confidenceSquares, 0) / frames;
  return { mean: -mean, error: Math.sqrt(Math.max(0, squares - mean * mean) / frames) };
}
