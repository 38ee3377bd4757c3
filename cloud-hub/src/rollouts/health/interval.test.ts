import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { reach, sequenceReach } from "./interval.ts";

const worlds = 2000;
const looks = 200;

/** The share of random walks without drift whose mean leaves a bound at any of its looks. */
function crossings(seed: string, bound: (variance: number) => number): number {
  const random = seededRandom(seed);
  let crossed = 0;
  for (let world = 0; world < worlds; world += 1) {
    let sum = 0;
    for (let look = 1; look <= looks; look += 1) {
      sum += Math.sqrt(12) * (random() - 0.5);
      if (sum / look > bound(1 / look)) {
        crossed += 1;
        break;
      }
    }
  }
  return crossed / worlds;
}

test("the sequence holds at every look at once", () => {
  const share = crossings("always", (variance) => sequenceReach(variance, 0.05, 0.3));
  assert.ok(share <= 0.05, `${share}`);
});

test("an interval for one look does not hold at every look: the check can fail", () => {
  const share = crossings("naive", (variance) => 1.645 * Math.sqrt(variance));
  assert.ok(share > 0.25, `${share}`);
});

test("the sequence holds whatever effect it was made for", () => {
  for (const scale of [0.01, 0.1, 1, 10]) {
    const share = crossings(`scale ${scale}`, (variance) => sequenceReach(variance, 0.05, scale));
    assert.ok(share <= 0.05, `${scale}: ${share}`);
  }
});

test("the bound shrinks as observations come in", () => {
  const reaches = [1, 0.1, 0.01, 0.001].map((variance) => sequenceReach(variance, 0.001, 0.1));
  assert.deepEqual(
    reaches,
    reaches.toSorted((a, b) => b - a),
  );
  assert.ok(reaches[3]! < 0.16, `${reaches[3]}`);
});

test("it equals the formula that it is taken from", () => {
  const [v, rho, alpha] = [400, 25, 0.01];
  const boundary = Math.sqrt(2 * (v + rho) * Math.log((1 / (2 * alpha)) * Math.sqrt((v + rho) / rho) + 1));
  assert.ok(Math.abs(sequenceReach(1 / v, alpha, 1 / Math.sqrt(rho)) - boundary / v) < 1e-12);
});

test("what devices do by themselves does not shrink with time", () => {
  const at = (variance: number) => reach({ deviceSd: 0.05, degrees: 1e6, variance }, 0.01, 0.1);
  assert.ok(at(0) > 2.3263 * 0.05, `${at(0)}`);
  assert.ok(at(1e-9) - at(0) < 1e-6 && at(0.01) > at(0));
});

test("few degrees of freedom widen what devices do as Student's t is wider", () => {
  const at = (degrees: number) => reach({ deviceSd: 1, degrees, variance: 0 }, 0.01, 1);
  assert.ok(at(4) > at(10) && at(10) > at(1e6));
  const widened = reach({ deviceSd: 2.7638 / 2.3263, degrees: 1e6, variance: 0 }, 0.01, 1);
  assert.ok(Math.abs(at(10) - widened) < 0.001, `${at(10)} ${widened}`);
});

test("the bound holds at every look where devices differ by a draw that all looks share", () => {
  const random = seededRandom("shared draw");
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let crossed = 0;
  for (let world = 0; world < worlds; world += 1) {
    let sum = 0;
    const shared = 0.2 * normal();
    for (let look = 1; look <= looks; look += 1) {
      sum += normal();
      if (shared + sum / look > reach({ deviceSd: 0.2, degrees: 1e6, variance: 1 / look }, 0.05, 0.3)) {
        crossed += 1;
        break;
      }
    }
  }
  assert.ok(crossed / worlds <= 0.05, `${crossed / worlds}`);
});

test("the bound holds where the spread was estimated from few changes", () => {
  const random = seededRandom("estimated");
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let crossed = 0;
  for (let world = 0; world < 20_000; world += 1) {
    const squares = Array.from({ length: 8 }, () => normal() ** 2).reduce((sum, square) => sum + square, 0);
    const deviceSd = Math.sqrt(squares / 8);
    if (normal() > reach({ deviceSd, degrees: 8, variance: 0 }, 0.01, 1)) crossed += 1;
  }
  assert.ok(crossed / 20_000 <= 0.01, `${crossed / 20_000}`);
});

test("a smaller tail reaches farther, and no uncertainty reaches nowhere", () => {
  const uncertainty = { deviceSd: 0.05, degrees: 20, variance: 0.001 };
  assert.ok(reach(uncertainty, 0.001, 0.1) > reach(uncertainty, 0.05, 0.1));
  assert.equal(sequenceReach(0, 0.01, 0.1), 0);
});
