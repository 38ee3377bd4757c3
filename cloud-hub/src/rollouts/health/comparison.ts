import type { DeviceSeries, HealthFacts, HealthWindow } from "./facts.ts";
import type { HealthGate } from "./gate.ts";
import { type Period, periodOf, type Stretch } from "./period.ts";

/** A device before and after the moment that is judged. */
export type Change = { readonly device: string; readonly before: Period; readonly after: Period };

/** Devices that changed at the same time, and those that they are compared with over exactly that time. */
export type Cohort = { readonly treated: readonly Change[]; readonly others: readonly Change[] };

/**
 * Who is compared with whom. with: devices still on the old release; once there are none, devices of earlier waves, which
 * had changed already; where there are none either, nobody but the device's own past · wave: how many waves have been seen,
 * from 1 · soaked: share of the newest wave's devices that ran the new release for the soak
 */
export type Comparison = {
  readonly with: "controls" | "earlier-waves" | "own-past";
  readonly wave: number;
  readonly soaked: number;
  readonly cohorts: readonly Cohort[];
};

/** Cuts every device's windows into before and after, and finds for each who went through the same time unchanged. */
export function compareDevices(facts: HealthFacts, gate: HealthGate): Comparison {
  const waves = [...new Set(facts.treated.map(({ wave }) => wave ?? 0))].sort((a, b) => a - b);
  const newest = facts.treated.filter(({ wave }) => (wave ?? 0) === waves.at(-1));
  const earlier = facts.treated.filter(({ wave }) => (wave ?? 0) !== waves.at(-1));
  const kind = facts.controls.length > 0 ? "controls" : earlier.length > 0 ? "earlier-waves" : "own-past";
  const soaks = newest.map((series) => switchOf(series, facts.openedAt)).map((found) => soakedMs(found));
  const base = {
    with: kind,
    wave: Math.max(1, waves.length),
    soaked: newest.length === 0 ? 0 : soaks.filter((ms) => ms >= gate.soakMs).length / newest.length,
  } as const;
  if (kind === "controls") {
    const others = { series: facts.controls, release: "old", since: 0 } as const;
    return { ...base, cohorts: cohortsOf(facts.treated, others, facts.openedAt, gate.beforeMs) };
  }
  if (kind === "earlier-waves") {
    return { ...base, cohorts: cohortsOf(newest, changedBefore(earlier), facts.openedAt, gate.beforeMs) };
  }
  return { ...base, cohorts: ownPasts(newest, facts.openedAt, gate.beforeMs) };
}

/** Those that stay as they are while others change: their windows by `release`, from `since` on. */
type Others = {
  readonly series: readonly DeviceSeries[];
  readonly release: HealthWindow["release"];
  readonly since: number;
};

/** The devices that were on the new release from about when most were, and when that was; late ones cannot be compared. */
function changedBefore(earlier: readonly DeviceSeries[]): Others {
  const changed = earlier
    .flatMap((series) => {
      const first = series.windows.find(({ release }) => release === "new");
      const gapMs = gapOf(series.windows);
      return first === undefined ? [] : [{ series, gapMs, from: first.at - gapMs }];
    })
    .sort((a, b) => a.from - b.from);
  const since = changed[(changed.length - 1) >> 1]?.from ?? 0;
  const series = changed.filter(({ from, gapMs }) => from <= since + gapMs).map((each) => each.series);
  return { series, release: "new", since };
}

type Switch = { readonly before: Stretch; readonly after: Stretch; readonly gapMs: number };

/** When a device changed: its last window by the old release, and its windows by the new one since the rollout opened. */
function switchOf({ windows }: DeviceSeries, openedAt: number): Switch | null {
  const firstNew = windows.find(({ release, at }) => release === "new" && at > openedAt);
  if (firstNew === undefined) return null;
  const lastNew = windows.findLast(({ release }) => release === "new") ?? firstNew;
  const firstOld = windows.find(({ release }) => release === "old");
  const lastOld = windows.findLast(({ release, at }) => release === "old" && at <= firstNew.at);
  const gapMs = gapOf(windows);
  const before = { from: (firstOld?.at ?? 0) - gapMs, to: lastOld?.at ?? Number.NaN };
  return { before, after: { from: Math.max(lastOld?.at ?? 0, firstNew.at - gapMs), to: lastNew.at }, gapMs };
}

const soakedMs = (found: Switch | null): number => (found === null ? 0 : found.after.to - found.after.from);

function cohortsOf(treated: readonly DeviceSeries[], others: Others, openedAt: number, beforeMs: number): Cohort[] {
  const cohorts = new Map<string, { treated: Change[]; others: readonly Change[] }>();
  for (const series of treated) {
    const found = switchOf(series, openedAt);
    if (found === null) continue;
    const before = { from: Math.max(found.before.from, found.before.to - beforeMs, others.since), to: found.before.to };
    const change = changeOf(series.device, series.windows, before, found.after);
    if (change === null) continue;
    const key = `${before.from} ${before.to} ${found.after.from} ${found.after.to}`;
    const cohort = cohorts.get(key) ?? { treated: [], others: changesOf(others, before, found) };
    cohort.treated.push(change);
    cohorts.set(key, cohort);
  }
  return [...cohorts.values()].filter((cohort) => cohort.others.length > 0);
}

/** A window of another device belongs to a stretch when more than half of it does. */
function changesOf({ series, release }: Others, before: Stretch, { after, gapMs }: Switch): Change[] {
  const moved = ({ from, to }: Stretch): Stretch => ({ from: from + gapMs / 2, to: to + gapMs / 2 });
  return series.flatMap(({ device, windows }) => {
    const past = periodOf(windows, release, moved(before));
    const since = periodOf(windows, release, moved(after));
    return past === null || since === null ? [] : [{ device, before: past, after: since }];
  });
}

/** With nobody to compare with, a stretch before of the same length, so that what depends on length cancels. */
function ownPasts(treated: readonly DeviceSeries[], openedAt: number, beforeMs: number): Cohort[] {
  const changes = treated.flatMap((series) => {
    const found = switchOf(series, openedAt);
    if (found === null) return [];
    const lengthMs = Math.min(beforeMs, soakedMs(found));
    const before = { from: Math.max(found.before.from, found.before.to - lengthMs), to: found.before.to };
    const change = changeOf(series.device, series.windows, before, found.after);
    return change === null ? [] : [change];
  });
  return changes.length === 0 ? [] : [{ treated: changes, others: [] }];
}

function changeOf(device: string, windows: readonly HealthWindow[], before: Stretch, after: Stretch): Change | null {
  const past = periodOf(windows, "old", before);
  const since = periodOf(windows, "new", after);
  return past === null || since === null ? null : { device, before: past, after: since };
}

/** The usual time from one window to the next, by the latest ones. */
export function gapOf(windows: readonly HealthWindow[]): number {
  const latest = windows.slice(-21);
  const gaps = latest.slice(1).map(({ at }, index) => at - (latest[index]?.at ?? at));
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}
