import { cleanSeries } from "./clean-windows.ts";
import { gapOf } from "./comparison.ts";
import type { DeviceSeries, HealthWindow, HistorySpread, RuleName, Spread } from "./facts.ts";
import { addCounts, type Period, periodOf } from "./period.ts";
import type { HealthRule, Observation } from "./rule.ts";
import { healthRules } from "./rules.ts";

/** A prior weighs as much as this many independent changes, and as this many pairs of windows. */
const priorDegrees = 20;
const priorPairs = 20;
/** Neighbouring changes share a period, so that they tell two thirds of what independent ones would (von Neumann 1941). */
const overlap = 2 / 3;

/**
 * Learns from the time before a rollout how much each figure changes by itself from one period of `periodMs` to the next:
 * a device against its own past, minus what the others did. The prior always counts as 20 changes, so that it fades.
 * series: any devices on the old release; windows by the new one are left out
 */
export function estimateSpread(series: readonly DeviceSeries[], periodMs: number): HistorySpread {
  const cleaned = cleanSeries(series, Number.MAX_SAFE_INTEGER)
    .map(({ windows }) => windows.filter(({ release }) => release === "old"))
    .filter((windows) => windows.length > 0);
  const blocks = cleaned.map((windows) => blocksOf(windows, periodMs));
  const shares = mixOf(cleaned.flat());
  const rules = healthRules.map((rule): [RuleName, Spread] => {
    const design = designOf(rule, cleaned, shares);
    return [rule.name, spreadOf(rule, blocks, { design, shares })];
  });
  return { periodMs, rules: Object.fromEntries(rules) as Record<RuleName, Spread> }; // healthRules names every rule
}

/** How often each class was answered in windows with these counts. */
export function mixOf(windows: Iterable<Pick<HealthWindow, "classCounts">>): readonly number[] {
  const counts: number[] = [];
  for (const { classCounts } of windows) addCounts(counts, classCounts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? [] : counts.map((count) => count / total);
}

type Blocks = ReadonlyMap<number, Period>;

/** Whole periods on a grid that all devices share; one that is more than half silent is left out. */
function blocksOf(windows: readonly HealthWindow[], periodMs: number): Blocks {
  const least = periodMs / Math.max(1, gapOf(windows)) / 2;
  const members = Map.groupBy(windows, ({ at }) => Math.ceil(at / periodMs));
  const blocks = new Map<number, Period>();
  for (const [index, inside] of members) {
    const period =
      inside.length < least ? null : periodOf(inside, "old", { from: (index - 1) * periodMs, to: index * periodMs });
    if (period !== null) blocks.set(index, period);
  }
  return blocks;
}

/** How many windows' observations tell as much as one: their jumps from window to window against chance alone. */
function designOf(rule: HealthRule, devices: readonly (readonly HealthWindow[])[], shares: readonly number[]): number {
  let sum = priorPairs * rule.prior.design;
  let pairs = priorPairs;
  for (const windows of devices) {
    const gapMs = gapOf(windows);
    let before: { readonly at: number; readonly seen: Observation } | undefined;
    for (const window of windows) {
      const seen = rule.observe({ ...window, durationMs: gapMs }, shares);
      if (seen === null) continue;
      if (before !== undefined && window.at - before.at <= 1.5 * gapMs) {
        sum += (seen.level - before.seen.level) ** 2 / noiseOf(seen, before.seen);
        pairs += 1;
      }
      before = { at: window.at, seen };
    }
  }
  return Math.max(leastDesign, sum / pairs);
}

/** Latency's nominal variance may be too large by a lot; nothing is known better than this. */
const leastDesign = 0.05;

const noiseOf = (a: Observation, b: Observation): number => a.variance / a.n + b.variance / b.n;

type SpreadOptions = { readonly design: number; readonly shares: readonly number[] };

function spreadOf(rule: HealthRule, devices: readonly Blocks[], { design, shares }: SpreadOptions): Spread {
  const changes = devices.flatMap((blocks) => changesOf(rule, blocks, shares));
  const noise = (design * changes.reduce((sum, change) => sum + change.noise, 0)) / Math.max(1, changes.length);
  const together = [...Map.groupBy(changes, ({ index }) => index).values()];
  const relative = together.reduce((sum, members) => sum + scatter(members), 0);
  const degrees = together.reduce((sum, members) => sum + members.length - 1, 0);
  const plain = changes.reduce((sum, { value }) => sum + value * value, 0);
  const known = overlap * degrees;
  return {
    value: pooled(rule.prior.value, netVariance(relative, degrees, noise), known),
    alone: pooled(rule.prior.alone, netVariance(plain, changes.length, noise), overlap * changes.length),
    degrees: priorDegrees + known,
    design,
    from: known > priorDegrees ? "history" : "prior",
    n: changes.length,
  };
}

type OneChange = { readonly index: number; readonly value: number; readonly noise: number };

function changesOf(rule: HealthRule, blocks: Blocks, shares: readonly number[]): OneChange[] {
  return [...blocks].flatMap(([index, period]) => {
    const before = blocks.get(index - 1);
    const past = before === undefined ? null : rule.observe(before, shares);
    const since = rule.observe(period, shares);
    if (past === null || since === null) return [];
    return [{ index, value: since.level - past.level, noise: noiseOf(past, since) }];
  });
}

function scatter(members: readonly OneChange[]): number {
  const mean = members.reduce((sum, { value }) => sum + value, 0) / members.length;
  return members.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
}

/** Sampling noise is taken off, but not more than can be told: what is left is at least the standard error of the whole. */
function netVariance(squares: number, degrees: number, noise: number): number {
  if (degrees <= 0) return 0;
  const whole = squares / degrees;
  return Math.max(whole - noise, whole * Math.min(1, Math.sqrt(2 / (overlap * degrees))));
}

function pooled(prior: number, variance: number, degrees: number): number {
  return Math.sqrt((priorDegrees * prior * prior + degrees * variance) / (priorDegrees + degrees));
}
