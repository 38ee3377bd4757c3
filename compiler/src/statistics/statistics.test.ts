import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilerError } from "../errors.ts";
import {
  agreement,
  pairedDifference,
  pairedUnits,
  poolSeeds,
  proportion,
  proportionUnits,
  seededRandom,
} from "./index.ts";

test("a seeded source repeats itself, differs by seed and is uniform", () => {
  const first = Array.from({ length: 20_000 }, seededRandom("a"));
  assert.deepEqual(first, Array.from({ length: 20_000 }, seededRandom("a")));
  assert.notEqual(first[0], seededRandom("b")());
  const tenths = Array.from({ length: 10 }, (_, tenth) => first.filter((x) => Math.floor(x * 10) === tenth).length);
  for (const count of tenths) assert.ok(Math.abs(count - 2000) < 200, `a tenth holds ${count} of 20,000`);
});

test("one observation per unit and unanimous successes give the exact Clopper–Pearson bound", () => {
  const figure = proportion(Array.from({ length: 20 }, () => ({ successes: 1, total: 1 })));
  assert.equal(figure.value, 1);
  assert.equal(figure.high, 1);
  assert.ok(Math.abs(figure.low - 0.025 ** (1 / 20)) < 1e-6);
  assert.equal(figure.n, 20);
});

test("a share never has zero width, not even of thousands of unanimous units", () => {
  for (const successes of [0, 1]) {
    const figure = proportion(Array.from({ length: 3000 }, () => ({ successes, total: 1 })));
    assert.ok(figure.high - figure.low > 0.001);
  }
  const single = proportion([{ successes: 8, total: 8 }]);
  assert.ok(single.low < 0.1, "one unit says next to nothing");
});

test("two models that never differ are not said to be equal for certain", () => {
  const figure = pairedDifference(Array.from({ length: 40 }, () => ({ candidate: 8, incumbent: 8, total: 8 })));
  assert.equal(figure.value, 0);
  assert.ok(figure.low < -0.01 && figure.high > 0.01);
});

test("weights count: an observation of weight three equals three of them in the value", () => {
  const weighted = proportion([
    { successes: 1, total: 1, weight: 3 },
    { successes: 0, total: 1 },
  ]);
  assert.equal(weighted.value, 0.75);
});

test("observations are grouped by unit with their own weights", () => {
  const rows = [
    { unit: "a", success: true, weight: 4 },
    { unit: "b", success: true },
    { unit: "a", success: false, weight: 1 },
  ];
  const units = proportionUnits(rows);
  assert.deepEqual(
    units.map((unit) => unit.unit),
    ["a", "b"],
  );
  assert.ok(Math.abs(proportion(units).value - 5 / 6) < 1e-12);
  const pairs = pairedUnits([
    { unit: "a", candidate: true, incumbent: false },
    { unit: "a", candidate: false, incumbent: true },
  ]);
  assert.equal(pairs[0]?.discordant, 2);
  assert.equal(pairedDifference(pairs).value, 0);
});

test("clustered observations give a wider interval than as many independent ones", () => {
  const tracks = Array.from({ length: 60 }, (_, index) => ({ successes: index % 4 === 0 ? 0 : 8, total: 8 }));
  const frames = tracks.flatMap((track) =>
    Array.from({ length: 8 }, () => ({ successes: track.successes / 8, total: 1 })),
  );
  const width = (figure: { low: number; high: number }) => figure.high - figure.low;
  assert.ok(width(proportion(tracks)) > 2 * width(proportion(frames)));
});

test("agreement compares answers and is clustered by unit", () => {
  const pairs = Array.from({ length: 400 }, (_, index) => ({
    unit: `${index}`,
    left: index % 7,
    right: index % 40 === 0 ? 9 : index % 7,
  }));
  const figure = agreement(pairs);
  assert.equal(figure.value, 0.975);
  assert.equal(figure.n, 400);
  assert.ok(figure.low < 0.965 && figure.high > 0.98);
});

test("equal seeds give equal figures and different seeds nearly equal ones", () => {
  const random = seededRandom(5);
  const units = Array.from({ length: 300 }, () => ({ successes: random() < 0.7 ? 1 : 0, total: 1 }));
  assert.deepEqual(proportion(units, { seed: 1 }), proportion(units, { seed: 1 }));
  assert.ok(Math.abs(proportion(units, { seed: 1 }).low - proportion(units, { seed: 2 }).low) < 0.01);
});

test("pooled seeds widen by what differs between seeds and draw a shared unit once", () => {
  const random = seededRandom(9);
  const difficulty = Array.from({ length: 400 }, () => random());
  const seedOf = (skill: number) =>
    difficulty.map((d, i) => ({ unit: `image-${i}`, successes: d < skill ? 1 : 0, total: 1 }));
  const equal = poolSeeds([seedOf(0.8), seedOf(0.8), seedOf(0.8)]);
  const single = proportion(seedOf(0.8));
  assert.ok(
    Math.abs(equal.high - equal.low - (single.high - single.low)) < 0.01,
    "copies of one seed add no knowledge",
  );
  assert.equal(equal.n, 400);
  const unequal = poolSeeds([seedOf(0.7), seedOf(0.8), seedOf(0.9)]);
  assert.ok(unequal.high - unequal.low > 1.3 * (equal.high - equal.low));
});

test("pooled paired differences of few units use the interval for few units", () => {
  const seed = Array.from({ length: 30 }, (_, i) => ({
    unit: `t${i}`,
    candidate: 7,
    incumbent: i % 3 === 0 ? 4 : 6,
    total: 8,
  }));
  const figure = poolSeeds([seed, seed, seed]);
  assert.ok(Math.abs(figure.value - (10 * 3 + 20) / 240) < 1e-12);
  assert.ok(figure.low > 0 && figure.low < figure.value && figure.high > figure.value);
});

test("impossible counts are refused by code", () => {
  const refused = (run: () => unknown) =>
    assert.throws(run, (error) => error instanceof CompilerError && error.code === "invalid-argument");
  refused(() => proportion([]));
  refused(() => proportion([{ successes: 2, total: 1 }]));
  refused(() => proportion([{ successes: 0, total: 0 }]));
  refused(() => pairedDifference([{ candidate: -1, incumbent: 0, total: 1 }]));
  refused(() => poolSeeds([]));
  refused(() => poolSeeds([[{ successes: 1, total: 1 }]]));
});
