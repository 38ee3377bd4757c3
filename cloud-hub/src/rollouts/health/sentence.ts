import type { Comparison } from "./comparison.ts";
import type { HealthRule } from "./rule.ts";
import type { RuleVerdict } from "./verdict.ts";

type Told = Omit<RuleVerdict, "sentence">;

/** One rule in words: what changed against whom, its interval, what is behind it, and what follows. */
export function ruleSentence(rule: HealthRule, told: Told, comparison: Comparison): string {
  const { value, low, high, n, devices, spread } = told;
  if (value === null || low === null || high === null) return `${rule.title}: ${nothingSentence(comparison)}`;
  const ends = `${figure(low)} to ${figure(high)} ${rule.unit}`;
  const counted = rule.name === "outcomes" ? counts(n, "outcome") : counts(n, "prediction");
  const behind = `${counted} of ${counts(devices.treated, "device")}, ${againstWhom(comparison, devices.control)}`;
  const devicesDiffer = `devices differ by ${figure(spread.value)} from period to period by themselves, ${sourceOf(spread)}`;
  return `${rule.title}: ${rule.tell(value)} (${ends}; ${behind}; ${devicesDiffer}): ${conclusion(told)}.`;
}

function nothingSentence({ with: kind }: Comparison): string {
  const others = {
    controls: "or no device that is still on the old release reported over the same time",
    "earlier-waves": "or no device of an earlier wave reported over the same time",
    "own-past": "or none has a past by the old release",
  };
  return `no device has reported by the new release yet, ${others[kind]}: too little data.`;
}

function againstWhom({ with: kind }: Comparison, control: number): string {
  if (kind === "controls") return `against ${counts(control, "device")} still on the old release`;
  if (kind === "earlier-waves")
    return `against ${counts(control, "device")} of earlier waves, since none is left on the old release`;
  return "against their own past alone, since there is nobody to compare with";
}

function conclusion({ verdict, high, harmAbove, healthyBelow }: Told): string {
  if (verdict === "harm") return `harm, all of the interval lies above ${figure(harmAbove)}`;
  if (verdict === "healthy") return `healthy, all of the interval lies below ${figure(healthyBelow)}`;
  if (high !== null && high < healthyBelow) {
    return `too little data to tell, it leans towards harm above ${figure(harmAbove)}, so more is waited for`;
  }
  return `too little data to tell, harm would lie above ${figure(harmAbove)} and health below ${figure(healthyBelow)}`;
}

const sourceOf = ({ from, n }: RuleVerdict["spread"]): string =>
  from === "history"
    ? `by ${counts(n, "change")} before the rollout`
    : `mostly by a prior (${counts(n, "change")} seen)`;

/** A count with its noun. */
export const counts = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;

function figure(value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2);
  return String(rounded).replace("-", "−");
}
