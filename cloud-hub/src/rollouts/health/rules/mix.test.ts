import assert from "node:assert/strict";
import { test } from "node:test";
import { mix } from "./mix.ts";
import { even, periodWith } from "./period.fixture.ts";

const level = (classCounts: readonly number[], shares: readonly number[] = even) =>
  mix.observe(periodWith({ classCounts }), shares)!.level;

test("the reference's own mix is at distance nothing", () => {
  assert.equal(level([100, 100, 100, 100]), 0);
});

test("a mix that collapsed to one of four equal classes is three quarters away", () => {
  assert.equal(level([400, 0, 0, 0]), 0.75);
});

test("the distance is the share of answers that would have to be another", () => {
  assert.ok(Math.abs(level([140, 100, 100, 60]) - 0.1) < 1e-12);
});

test("a better release that moves towards the reference is less far away than the old one", () => {
  const old = level([200, 120, 50, 30]);
  const better = level([120, 105, 95, 80]);
  assert.ok(better < old);
});

test("a class that the reference does not know counts as moved", () => {
  assert.ok(Math.abs(level([75, 75, 75, 75, 100]) - 0.25) < 1e-12);
});

test("a class that is never answered counts as well", () => {
  assert.ok(Math.abs(level([200, 200]) - 0.5) < 1e-12);
});

test("without a reference mix everything is equally far, so that nothing seems to change", () => {
  assert.equal(level([400, 0], []), level([200, 200], []));
});

test("a period without answers tells nothing, whatever its frames say", () => {
  assert.equal(mix.observe(periodWith({ classCounts: [] }), even), null);
  assert.equal(mix.observe(periodWith({ classCounts: [0, 0] }), even), null);
});

test("the variance is never zero", () => {
  assert.ok(mix.observe(periodWith({ classCounts: [400, 0, 0, 0] }), even)!.variance > 0);
});

test("it says whether the mix went away or came back", () => {
  assert.match(mix.tell(0.3), /0\.30 away from/);
  assert.match(mix.tell(-0.3), /0\.30 towards/);
});
