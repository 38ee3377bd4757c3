import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceSeries, HealthFacts } from "./facts.ts";
import { completeGate } from "./gate.ts";
import { judgeHealth } from "./judge.ts";
import { estimateSpread } from "./spread.ts";
import { type Behaviour, calm, playWave, ruleOf, type Story, windowAt } from "./windows.fixture.ts";

const twelve = Array.from({ length: 12 }, () => 1 / 12);
/** The old release at dusk: unsure, and it takes much for the first two classes. */
const duskV1: Behaviour = { ...calm, confidence: 0.68, mix: [0.25, 0.18, ...twelve.slice(2).map(() => 0.057)] };
/** A release that learnt dusk: sure, and right. */
const duskV2: Behaviour = { ...calm, confidence: 0.86, mix: twelve };
/** Trained on shuffled labels: nothing is sure. */
const shuffled: Behaviour = { ...calm, confidence: 0.2, mix: [0.4, ...twelve.slice(1).map(() => 0.6 / 11)] };
/** One class for everything, and sure of it. */
const collapsed: Behaviour = { ...calm, confidence: 0.95, mix: [1, ...twelve.slice(1).map(() => 0)] };

const reference = { confidenceMean: 0.88, classShares: twelve };
const demo: Story = {
  seed: "demo",
  treated: 1,
  controls: 2,
  pastWindows: 24,
  old: () => duskV1,
  new: () => duskV2,
  reference,
  gate: { soakMs: 10_000 },
};
const seeds = Array.from({ length: 20 }, (_, index) => `seed ${index}`);

test("a better release on one of three devices is healthy within 20 seconds, though its mix is another", () => {
  const seconds = seeds.map((seed) => {
    const played = playWave({ ...demo, seed }, 12);
    assert.equal(played.verdict.decision, "healthy", `${seed}: ${played.verdict.sentence}`);
    return played.seconds;
  });
  assert.ok(seconds.toSorted((a, b) => a - b)[10]! <= 20, `${seconds}`);
});

test("an equal release is never harm, and healthy within a minute", () => {
  for (const seed of seeds) {
    const { verdict } = playWave({ ...demo, seed, new: () => duskV1 }, 12);
    assert.equal(verdict.decision, "healthy", `${seed}: ${verdict.sentence}`);
  }
});

test("a release trained on shuffled labels is harm within 20 seconds, by its confidence", () => {
  const seconds = seeds.map((seed) => {
    const played = playWave({ ...demo, seed, new: () => shuffled }, 6);
    assert.equal(played.verdict.decision, "harm", `${seed}: ${played.verdict.sentence}`);
    assert.equal(ruleOf(played.verdict, "confidence").verdict, "harm");
    return played.seconds;
  });
  assert.ok(seconds.toSorted((a, b) => a - b)[18]! <= 20, `${seconds}`);
});

test("its own poor reference is no excuse for it", () => {
  const poor = { confidenceMean: 0.2, classShares: shuffled.mix };
  const { verdict } = playWave({ ...demo, reference: poor, new: () => shuffled }, 6);
  assert.equal(verdict.decision, "harm");
});

test("one class for everything is never healthy and is found by the mix, though confidence rose", () => {
  const { verdict } = playWave({ ...demo, new: () => collapsed }, 24);
  assert.equal(verdict.decision, "harm");
  assert.equal(ruleOf(verdict, "mix").verdict, "harm");
  assert.equal(ruleOf(verdict, "confidence").verdict, "healthy");
});

test("a collapse is found without a reference as well", () => {
  const { verdict } = playWave({ ...demo, reference: null, new: () => collapsed }, 24);
  assert.equal(verdict.decision, "harm");
});

test("dusk that falls on all devices during the wave is not blamed on the release", () => {
  const day: Behaviour = { ...calm, confidence: 0.9, mix: twelve };
  const falling = (at: number): Behaviour => ({ ...day, confidence: at > 125_000 ? 0.65 : 0.9 });
  for (const seed of seeds) {
    const { verdict } = playWave({ ...demo, seed, old: falling, new: falling }, 12);
    assert.equal(verdict.decision, "healthy", `${seed}: ${verdict.sentence}`);
  }
});

for (const [what, rule, change] of [
  ["errors on every fourth frame", "errors", { errorShare: 0.25 }],
  ["half of the frames dropped", "drops", { dropShare: 0.5 }],
  ["five times the latency", "latency", { latencyUs: 25_000 }],
] as const) {
  test(`${what} is harm by the rule of ${rule}`, () => {
    const { verdict } = playWave({ ...demo, new: () => ({ ...duskV2, ...change }) }, 12);
    assert.equal(ruleOf(verdict, rule).verdict, "harm", verdict.sentence);
  });
}

test("a device that restarts again and again is never healthy", () => {
  const { verdict } = playWave({ ...demo, new: () => ({ ...duskV2, restarts: 2 }) }, 12);
  assert.notEqual(verdict.decision, "healthy");
  assert.notEqual(ruleOf(verdict, "restarts").verdict, "healthy");
});

test("worse outcomes are harm, by outcomes alone", () => {
  const reporting = { ...duskV1, outcomeShare: 0.5, badShare: 0.1 };
  const { verdict } = playWave({ ...demo, old: () => reporting, new: () => ({ ...reporting, badShare: 0.7 }) }, 24);
  assert.equal(verdict.decision, "harm");
  assert.deepEqual(
    verdict.rules.filter((each) => each.verdict === "harm").map(({ rule }) => rule),
    ["outcomes"],
  );
});

test("a fleet that reports no outcomes is judged without them, unless the gate demands them", () => {
  const { verdict, facts } = playWave(demo, 12);
  assert.ok(verdict.rules.every(({ rule }) => rule !== "outcomes"));
  const demanding = judgeHealth(facts, completeGate({ soakMs: 10_000, requireOutcomes: true }));
  assert.equal(ruleOf(demanding, "outcomes").verdict, "too-little-data");
  assert.equal(demanding.decision, "wait");
});

test("a loss that is likelier than chance but not proven yet is waited for, not passed", () => {
  const { verdict } = playWave({ ...demo, treated: 6, controls: 6, new: () => ({ ...duskV1, confidence: 0.54 }) }, 2);
  const { low, high, harmAbove, healthyBelow, ...rule } = ruleOf(verdict, "confidence");
  assert.ok(low! < harmAbove && high! < healthyBelow, `${low} ${high}`);
  assert.equal(rule.verdict, "too-little-data");
  assert.match(rule.sentence, /leans towards harm/);
});

test("a device that stops reporting outcomes leaves them open", () => {
  const reporting = { ...duskV1, outcomeShare: 0.5, badShare: 0.1 };
  const { verdict } = playWave({ ...demo, old: () => reporting, new: () => ({ ...duskV2, outcomeShare: 0 }) }, 12);
  assert.equal(ruleOf(verdict, "outcomes").verdict, "too-little-data");
  assert.equal(verdict.decision, "wait");
});

test("a rule that is switched off is not asked", () => {
  const { verdict } = playWave({ ...demo, gate: { soakMs: 10_000, rules: { confidence: { enabled: false } } } }, 4);
  assert.ok(verdict.rules.every(({ rule }) => rule !== "confidence"));
});

test("no release is healthy before it soaked, however good its figures are", () => {
  const { verdict } = playWave({ ...demo, gate: { soakMs: 60_000 } }, 11);
  assert.equal(verdict.decision, "wait");
  assert.match(verdict.sentence, /0 % of the newest wave's devices have run the new release for 60 s/);
});

test("in the last wave, with no device left on the old release, earlier waves take the place of controls", () => {
  const facts = lastWave((at) => (at > 200_000 ? 0.65 : 0.9));
  const verdict = judgeHealth(facts, completeGate({ soakMs: 10_000 }));
  assert.notEqual(verdict.decision, "harm");
  assert.match(ruleOf(verdict, "confidence").sentence, /against 1 device of earlier waves/);
  assert.ok(Math.abs(ruleOf(verdict, "confidence").value!) < 0.01);
});

test("with nobody to compare with, a loss that ends at the release's own reference is no harm", () => {
  const facts = alone(0.9, 0.5);
  const gate = completeGate({ soakMs: 10_000 });
  const withIt = ruleOf(
    judgeHealth({ ...facts, reference: { ...reference, confidenceMean: 0.5 } }, gate),
    "confidence",
  );
  const without = ruleOf(judgeHealth(facts, gate), "confidence");
  assert.ok(
    Math.abs(withIt.value!) < 0.01 && Math.abs(without.value! - 0.4) < 0.01,
    `${withIt.value} ${without.value}`,
  );
  assert.match(without.sentence, /against their own past alone/);
});

test("a mixture of late and early devices is judged together", () => {
  const { facts } = playWave({ ...demo, treated: 3, controls: 3 }, 6);
  const late = facts.treated.map((series, index) =>
    index === 0
      ? { ...series, windows: series.windows.filter(({ release, at }) => release === "old" || at > facts.now - 10_000) }
      : series,
  );
  const verdict = judgeHealth({ ...facts, treated: late }, completeGate({ soakMs: 10_000 }));
  assert.deepEqual(ruleOf(verdict, "confidence").devices, { treated: 3, control: 3 });
});

for (const [what, facts] of Object.entries(emptyFacts())) {
  test(`${what} is too little data, never health`, () => {
    const verdict = judgeHealth(facts, completeGate({ soakMs: 0 }));
    assert.equal(verdict.decision, "wait");
    assert.ok(verdict.rules.every((rule) => rule.verdict === "too-little-data" && rule.value === null));
    assert.ok(verdict.rules.every(({ sentence }) => /no device has reported by the new release yet/.test(sentence)));
  });
}

test("windows that make no sense change no verdict", () => {
  const { facts, verdict } = playWave(demo, 4);
  const dirt = [
    windowAt(Number.NaN),
    windowAt(facts.now + 7_200_000, { confidenceSum: 0 }),
    windowAt(1, { frames: Number.NaN }),
  ];
  const dirty = (series: readonly DeviceSeries[]) =>
    series.map((each) => ({ ...each, windows: [...each.windows, ...dirt] }));
  const gate = completeGate({ soakMs: 10_000 });
  assert.deepEqual(
    judgeHealth({ ...facts, treated: dirty(facts.treated), controls: dirty(facts.controls) }, gate),
    verdict,
  );
});

test("every rule tells n, an interval around its value, what it was held against and a sentence", () => {
  const { verdict } = playWave(demo, 4);
  for (const rule of verdict.rules) {
    assert.ok(rule.n > 0 && rule.low! <= rule.value! && rule.value! <= rule.high!, rule.rule);
    assert.ok(rule.harmAbove < rule.healthyBelow);
    assert.match(rule.sentence, /predictions? of 1 device, against 2 devices still on the old release/);
  }
  assert.match(verdict.sentence, /All 6 rules are healthy by \d+ predictions/);
});

test("a verdict of harm is told by its rule's figures", () => {
  const { verdict } = playWave({ ...demo, new: () => shuffled }, 6);
  assert.match(
    verdict.sentence,
    /^Confidence: mean confidence fell by 0\.\d+ .*: harm, all of the interval lies above 0\.03/,
  );
});

test("the same facts give the same verdict", () => {
  const { facts, verdict } = playWave(demo, 4);
  assert.deepEqual(judgeHealth(facts, completeGate({ soakMs: 10_000 })), verdict);
});

test("a verdict survives JSON", () => {
  const { verdict } = playWave(demo, 4);
  assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
});

/** Device a changed at 150 s, b and c at 200 s; all of them see the same dusk. */
function lastWave(confidence: (at: number) => number): HealthFacts {
  const series = (device: string, wave: number, switchedAt: number): DeviceSeries => ({
    device,
    wave,
    windows: times(5000, 260_000).map((at) =>
      windowAt(at, { release: at > switchedAt ? "new" : "old", ...sure(confidence(at)) }),
    ),
  });
  const treated = [series("a", 1, 150_000), series("b", 2, 200_000), series("c", 2, 200_000)];
  return {
    openedAt: 150_000,
    now: 260_000,
    treated,
    controls: [],
    history: estimateSpread([], 10_000),
    reference: null,
  };
}

function alone(before: number, after: number): HealthFacts {
  const windows = times(5000, 200_000).map((at) =>
    windowAt(at, at > 150_000 ? { release: "new", ...sure(after) } : sure(before)),
  );
  const treated = [{ device: "a", wave: 1, windows }];
  return {
    openedAt: 150_000,
    now: 200_000,
    treated,
    controls: [],
    history: estimateSpread([], 10_000),
    reference: null,
  };
}

function sure(mean: number) {
  return { confidenceSum: 125 * mean, confidenceSquares: 125 * (mean * mean + 0.04) };
}

function times(from: number, to: number): number[] {
  return Array.from({ length: Math.floor((to - from) / 5000) + 1 }, (_, index) => from + index * 5000);
}

function emptyFacts(): Record<string, HealthFacts> {
  const past = times(5000, 150_000).map((at) => windowAt(at));
  const since = times(155_000, 200_000).map((at) => windowAt(at, { release: "new" }));
  const rest = { openedAt: 150_000, now: 200_000, history: estimateSpread([], 10_000), reference: null };
  const device = (windows: DeviceSeries["windows"], wave: number | null): DeviceSeries => ({
    device: `d${wave}`,
    wave,
    windows,
  });
  const full = device([...past, ...since], 1);
  return {
    "a rollout without devices": { ...rest, treated: [], controls: [] },
    "a device without windows": { ...rest, treated: [device([], 1)], controls: [device(past, null)] },
    "a device that went silent when it was asked": {
      ...rest,
      treated: [device(past, 1)],
      controls: [device(past, null)],
    },
    "a device without a past": { ...rest, treated: [device(since, 1)], controls: [device(past, null)] },
    "a rollout whose controls vanished": { ...rest, treated: [full], controls: [device(past, null)] },
    "a rollout whose controls never said anything": { ...rest, treated: [full], controls: [device([], null)] },
  };
}
