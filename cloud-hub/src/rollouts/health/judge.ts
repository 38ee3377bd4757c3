import { cleanSeries } from "./clean-windows.ts";
import { type Comparison, compareDevices } from "./comparison.ts";
import { type Difference, differenceOf } from "./difference.ts";
import type { DeviceSeries, HealthFacts, HealthWindow } from "./facts.ts";
import type { HealthGate } from "./gate.ts";
import { reach } from "./interval.ts";
import type { HealthRule } from "./rule.ts";
import { healthRules } from "./rules.ts";
import { counts, ruleSentence } from "./sentence.ts";
import { mixOf } from "./spread.ts";
import type { HealthVerdict, RuleVerdict } from "./verdict.ts";

/**
 * Judges a rollout at one look, as often as anybody likes: over all rules, waves and looks together a harmless release is
 * stopped with probability `gate.alpha` at most.
 * `harm`: some rule's lower bound of harm lies above its limit · `healthy`: every rule's upper bound lies below its other
 * limit, none leans towards harm at the same level, and the newest wave has soaked · else `wait`; silence and too little
 * data are never health
 */
export function judgeHealth(facts: HealthFacts, gate: HealthGate): HealthVerdict {
  const cleaned: HealthFacts = {
    ...facts,
    treated: cleanSeries(facts.treated, facts.now),
    controls: cleanSeries(facts.controls, facts.now),
  };
  const comparison = compareDevices(cleaned, gate);
  const classShares = sharesOf(cleaned);
  const rules = healthRules
    .filter((rule) => gate.rules[rule.name].enabled && isAsked(rule, cleaned, gate))
    .map((rule) => judgeRule(rule, comparison, { facts: cleaned, gate, classShares }));
  return decide(rules, comparison, gate);
}

/** Nobody in this fleet reports outcomes: then they are not judged, unless the gate demands them. */
function isAsked(rule: HealthRule, { treated, controls }: HealthFacts, gate: HealthGate): boolean {
  if (rule.name !== "outcomes" || gate.requireOutcomes) return true;
  return [...treated, ...controls].some(({ windows }) => windows.some(({ outcomes }) => outcomes > 0));
}

/** What a right release answers: by the release's reference, else what the old release answered before the rollout. */
function sharesOf({ reference, treated, controls, openedAt }: HealthFacts): readonly number[] {
  const total = reference?.classShares.reduce((sum, share) => sum + share, 0) ?? 0;
  if (reference !== null && total > 0) return reference.classShares.map((share) => share / total);
  return mixOf(windowsBefore([...treated, ...controls], openedAt));
}

function* windowsBefore(series: readonly DeviceSeries[], openedAt: number): Generator<HealthWindow> {
  for (const { windows } of series) {
    for (const window of windows) if (window.at <= openedAt && window.release === "old") yield window;
  }
}

type RuleContext = {
  readonly facts: HealthFacts;
  readonly gate: HealthGate;
  readonly classShares: readonly number[];
};

function judgeRule(rule: HealthRule, comparison: Comparison, { facts, gate, classShares }: RuleContext): RuleVerdict {
  const { harmAbove, healthyBelow } = gate.rules[rule.name];
  const spread = facts.history.rules[rule.name];
  const found = differenceOf(rule, comparison, { spread, periodMs: facts.history.periodMs, classShares });
  const bounds = found === null ? null : boundsOf(rule, excuse(rule, found, comparison, facts), comparison, gate);
  const told = {
    rule: rule.name,
    title: rule.title,
    verdict: verdictOf(bounds, { harmAbove, healthyBelow }),
    value: bounds?.value ?? null,
    low: bounds?.low ?? null,
    high: bounds?.high ?? null,
    unit: rule.unit,
    harmAbove,
    healthyBelow,
    n: found?.n ?? 0,
    devices: found?.devices ?? { treated: 0, control: 0 },
    spread: { value: comparison.with === "own-past" ? spread.alone : spread.value, from: spread.from, n: spread.n },
  };
  return { ...told, sentence: ruleSentence(rule, told, comparison) };
}

/** With nobody to compare with, confidence that still is what the release's reference says has not been lost by it. */
function excuse(rule: HealthRule, found: Difference, comparison: Comparison, { reference }: HealthFacts): Difference {
  if (rule.name !== "confidence" || comparison.with !== "own-past" || reference === null) return found;
  const changes = comparison.cohorts.flatMap(({ treated }) => treated);
  const means = changes.map(({ after }) => after.confidenceSum / after.frames).filter(Number.isFinite);
  const shortfall = reference.confidenceMean - means.reduce((sum, mean) => sum + mean, 0) / means.length;
  return { ...found, value: Math.min(found.value, shortfall), cautious: Math.min(found.cautious, shortfall) };
}

type Bounds = { readonly value: number; readonly low: number; readonly high: number; readonly leaning: number };

/**
 * The lower bound shares `alpha` with the other rules and with the waves (1/2, 1/6, 1/12, … of a rule's part); the upper one
 * needs no sharing, because a bad release passes only where every rule and every wave passes it. leaning: the lower bound
 * at the level of the upper one
 */
function boundsOf(rule: HealthRule, found: Difference, { wave }: Comparison, gate: HealthGate): Bounds {
  const { harmAbove, healthyBelow } = gate.rules[rule.name];
  const scale = (rule.toInner(healthyBelow) - rule.toInner(harmAbove)) / 2;
  const rules = healthRules.filter(({ name }) => gate.rules[name].enabled).length;
  const tail = gate.alpha / rules / (wave * (wave + 1));
  const near = reach(found.uncertainty, gate.beta, scale);
  return {
    value: rule.toUnit(found.value),
    low: rule.toUnit(found.cautious - reach(found.uncertainty, tail, scale)),
    high: rule.toUnit(found.value + near),
    leaning: rule.toUnit(found.value - near),
  };
}

function verdictOf(
  bounds: Bounds | null,
  limits: { readonly harmAbove: number; readonly healthyBelow: number },
): RuleVerdict["verdict"] {
  if (bounds === null) return "too-little-data";
  if (bounds.low > limits.harmAbove) return "harm";
  const leansToHarm = bounds.leaning > limits.harmAbove;
  return bounds.high < limits.healthyBelow && !leansToHarm ? "healthy" : "too-little-data";
}

function decide(rules: RuleVerdict[], { soaked }: Comparison, gate: HealthGate): HealthVerdict {
  const harmful = rules.filter(({ verdict }) => verdict === "harm");
  if (harmful.length > 0) {
    return { decision: "harm", rules, sentence: harmful.map(({ sentence }) => sentence).join(" ") };
  }
  const unsure = rules.filter(({ verdict }) => verdict !== "healthy");
  if (rules.length === 0 || unsure.length > 0) {
    const titles = unsure.map(({ title }) => title.toLowerCase()).join(", ");
    return {
      decision: "wait",
      rules,
      sentence: `No harm was found, but there is too little data on ${titles || "anything"}.`,
    };
  }
  if (soaked < gate.leastReporting) {
    const share = `${Math.round(soaked * 100)} % of the newest wave's devices have`;
    const sentence = `No harm was found, but ${share} run the new release for ${gate.soakMs / 1000} s; ${Math.round(gate.leastReporting * 100)} % must.`;
    return { decision: "wait", rules, sentence };
  }
  const n = Math.max(...rules.map((rule) => rule.n));
  return {
    decision: "healthy",
    rules,
    sentence: `All ${rules.length} rules are healthy by ${counts(n, "prediction")}.`,
  };
}
