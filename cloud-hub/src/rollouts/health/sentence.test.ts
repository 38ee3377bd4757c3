import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "./comparison.ts";
import { confidence } from "./rules/confidence.ts";
import { outcomes } from "./rules/outcomes.ts";
import { counts, ruleSentence } from "./sentence.ts";
import type { RuleVerdict } from "./verdict.ts";

const against = (kind: Comparison["with"]): Comparison => ({ with: kind, wave: 1, soaked: 1, cohorts: [] });
const told = (change: Partial<RuleVerdict> = {}): RuleVerdict => ({
  rule: "confidence",
  title: "Confidence",
  verdict: "harm",
  value: 0.41,
  low: 0.22,
  high: 0.6,
  unit: "confidence lost",
  harmAbove: 0.03,
  healthyBelow: 0.3,
  n: 1375,
  devices: { treated: 1, control: 2 },
  spread: { value: 0.04, from: "prior", n: 6 },
  sentence: "",
  ...change,
});

test("a sentence says what changed against whom, by how much data, and what follows", () => {
  assert.equal(
    ruleSentence(confidence, told(), against("controls")),
    "Confidence: mean confidence fell by 0.410 (0.22 to 0.60 confidence lost; 1,375 predictions of 1 device, against 2 devices " +
      "still on the old release; devices differ by 0.040 from period to period by themselves, mostly by a prior (6 changes seen)): " +
      "harm, all of the interval lies above 0.030.",
  );
});

test("a healthy rule names the limit that its interval stays under", () => {
  const spread = { value: 0.02, from: "history", n: 400 } as const;
  const sentence = ruleSentence(confidence, told({ verdict: "healthy", low: -0.1, spread }), against("controls"));
  assert.match(sentence, /by 400 changes before the rollout\): healthy, all of the interval lies below 0\.30\.$/);
  assert.match(sentence, /−0\.10 to/);
});

test("too little data names both limits", () => {
  const sentence = ruleSentence(confidence, told({ verdict: "too-little-data" }), against("controls"));
  assert.match(sentence, /too little data to tell, harm would lie above 0\.030 and health below 0\.30/);
});

test("what leans towards harm without proving it says why it waits", () => {
  const sentence = ruleSentence(confidence, told({ verdict: "too-little-data", high: 0.2 }), against("controls"));
  assert.match(sentence, /too little data to tell, it leans towards harm above 0\.030, so more is waited for\.$/);
});

test("the last wave says that nobody is left on the old release", () => {
  const sentence = ruleSentence(confidence, told(), against("earlier-waves"));
  assert.match(sentence, /against 2 devices of earlier waves, since none is left on the old release/);
});

test("outcomes are counted as outcomes", () => {
  assert.match(
    ruleSentence(outcomes, told({ rule: "outcomes", n: 1 }), against("controls")),
    /; 1 outcome of 1 device/,
  );
});

test("a rule without figures says what is missing", () => {
  const nothing = told({ verdict: "too-little-data", value: null, low: null, high: null });
  assert.match(
    ruleSentence(confidence, nothing, against("controls")),
    /no device that is still on the old release reported/,
  );
  assert.match(ruleSentence(confidence, nothing, against("earlier-waves")), /no device of an earlier wave reported/);
  assert.match(ruleSentence(confidence, nothing, against("own-past")), /none has a past by the old release/);
});

test("counts have their noun", () => {
  assert.deepEqual([counts(1, "device"), counts(12_345, "prediction")], ["1 device", "12,345 predictions"]);
});
