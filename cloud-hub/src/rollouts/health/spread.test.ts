import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@fieldloop/compiler/statistics";
import type { DeviceSeries, HealthWindow } from "./facts.ts";
import { healthRules } from "./rules.ts";
import { estimateSpread, mixOf } from "./spread.ts";
import { windowAt } from "./windows.fixture.ts";

const periodMs = 20_000;
const gauss = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Devices whose confidence holds for a period, then takes a new level, all of them moved by what they share. */
function wander(options: {
  readonly devices: number;
  readonly periods: number;
  readonly own: number;
  readonly shared: number;
  readonly frameSd?: number;
}): DeviceSeries[] {
  const random = seededRandom(JSON.stringify(options));
  const shared = Array.from({ length: options.periods }, () => options.shared * gauss(random));
  return Array.from({ length: options.devices }, (_, device) => {
    const windows = shared.flatMap((common, period) => {
      const level = 0.6 + common + options.own * gauss(random);
      return [1, 2, 3, 4].map((window) => {
        const mean = level + ((options.frameSd ?? 0) * gauss(random)) / Math.sqrt(125);
        return windowAt(period * periodMs + window * 5000, {
          confidenceSum: 125 * mean,
          confidenceSquares: 125 * (mean * mean + 0.04),
        });
      });
    });
    return { device: `device-${device}`, wave: null, windows };
  });
}

const confidenceOf = (series: readonly DeviceSeries[]) => estimateSpread(series, periodMs).rules.confidence;

test("without a history every rule has its prior and says so", () => {
  const { rules, periodMs: kept } = estimateSpread([], periodMs);
  assert.equal(kept, periodMs);
  for (const { name, prior } of healthRules) {
    assert.deepEqual(rules[name], { ...prior, degrees: 20, from: "prior", n: 0 }, name);
  }
});

test("a long history finds how much devices change by themselves", () => {
  const found = confidenceOf(wander({ devices: 40, periods: 30, own: 0.07, shared: 0 }));
  assert.equal(found.from, "history");
  assert.ok(Math.abs(found.value - 0.07 * Math.SQRT2) < 0.01, `${found.value}`);
  assert.equal(found.n, 40 * 29);
});

test("what all devices share is not between them, but a device alone cannot tell", () => {
  const found = confidenceOf(wander({ devices: 40, periods: 60, own: 0.02, shared: 0.1 }));
  assert.ok(found.value < 0.045, `${found.value}`);
  assert.ok(Math.abs(found.alone - Math.SQRT2 * Math.hypot(0.1, 0.02)) < 0.03, `${found.alone}`);
});

test("sampling noise is taken off, because it is counted by itself", () => {
  const noisy = confidenceOf(wander({ devices: 40, periods: 40, own: 0, shared: 0, frameSd: 0.8 }));
  const whole = (Math.SQRT2 * 0.8) / Math.sqrt(500);
  assert.ok(noisy.value < 0.5 * whole, `${noisy.value} of ${whole}`);
});

test("a short history is leant on by the prior", () => {
  const found = confidenceOf(wander({ devices: 3, periods: 4, own: 0.2, shared: 0 }));
  assert.equal(found.from, "prior");
  assert.ok(found.value > 0.04 && found.value < 0.2 * Math.SQRT2, `${found.value}`);
  assert.ok(Math.abs(found.degrees - (20 + (2 / 3) * 6)) < 1e-9);
});

test("a device alone has no others, so its history says nothing on what devices do apart", () => {
  const found = confidenceOf(wander({ devices: 1, periods: 40, own: 0.1, shared: 0 }));
  assert.equal(found.degrees, 20);
  assert.equal(found.value, 0.04);
  assert.ok(found.alone > 0.1, `${found.alone}`);
});

test("windows that jump as much as independent frames have a design effect of about one", () => {
  const found = confidenceOf(wander({ devices: 20, periods: 40, own: 0, shared: 0, frameSd: 0.2 }));
  assert.ok(found.design > 0.85 && found.design < 1.3, `${found.design}`);
});

test("windows of frames that come in tracks tell less", () => {
  const found = confidenceOf(wander({ devices: 20, periods: 40, own: 0, shared: 0, frameSd: 0.2 * Math.sqrt(5) }));
  assert.ok(found.design > 4 && found.design < 6, `${found.design}`);
});

test("windows by the new release, broken windows and empty devices are left out", () => {
  const clean = wander({ devices: 3, periods: 10, own: 0.05, shared: 0 });
  const fresh = (window: HealthWindow): HealthWindow => ({
    ...window,
    at: window.at + 1e6,
    release: "new",
    confidenceSum: 0,
  });
  const dirty = clean.map((each) => ({
    ...each,
    windows: [...each.windows, ...each.windows.map(fresh), windowAt(7, { confidenceSum: Number.NaN })],
  }));
  const silent = { device: "silent", wave: null, windows: [] };
  assert.deepEqual(estimateSpread([...dirty, silent], periodMs), estimateSpread(clean, periodMs));
});

test("a period that is mostly silent is no period", () => {
  const full = wander({ devices: 4, periods: 6, own: 0.05, shared: 0 });
  const holes = full.map((each) => ({
    ...each,
    windows: each.windows.filter((_, index) => index < 8 || index % 4 === 0),
  }));
  assert.equal(confidenceOf(holes).n, 4);
});

test("a fleet that is always the same still leaves doubt", () => {
  const found = confidenceOf(wander({ devices: 20, periods: 20, own: 0, shared: 0 }));
  assert.ok(found.value > 0, `${found.value}`);
});

test("every rule gets finite figures from a calm history", () => {
  const { rules } = estimateSpread(wander({ devices: 3, periods: 12, own: 0.03, shared: 0.02 }), periodMs);
  for (const [name, { value, alone, degrees, design }] of Object.entries(rules)) {
    for (const figure of [value, alone, degrees, design]) assert.ok(Number.isFinite(figure) && figure > 0, name);
  }
});

test("the mix of windows is the share of each class in all of them", () => {
  assert.deepEqual(
    mixOf([windowAt(1, { classCounts: [3, 1] }), windowAt(2, { classCounts: [1, 1, 2] })]),
    [0.5, 0.25, 0.25],
  );
  assert.deepEqual(mixOf([]), []);
});
