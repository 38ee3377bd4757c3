import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { reach, samplingReach } from "./interval.ts";

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

test("the sampling part holds at every look at once", () => {
  const share = crossings("always", (variance) => samplingReach(variance, 0.05, 0.3));
  assert.ok(share <= 0.05, `${share}`);
});

test("an interval for one look does not hold at every look: the check can fail", () => {
  const share = crossings("naive", (variance) => 1.645 * Math.sqrt(variance));
  assert.ok(share > 0.25, `${share}`);
});

test("the sampling part holds whatever effect it was made for", () => {
  for (const scale of [0.01, 0.1, 1, 10]) {
    const share = crossings(`scale ${scale}`, (variance) => samplingReach(variance, 0.05, scale));
    assert.ok(share <= 0.05, `${scale}: ${share}`);
  }
});

test("the sampling part shrinks as observations come in", () => {
  const reaches = [1, 0.1, 0.01, 0.001].map((variance) => samplingReach(variance, 0.001, 0.1));
  assert.deepEqual(
    reaches,
    reaches.toSorted((a, b) => b - a),
  );
  assert.ok(reaches[3]! < 0.16, `${reaches[3]}`);
});

test("it equals the formula that it is taken from", () => {
  const [v, rho, alpha] = [400, 25, 0.01];
  const boundary = Math.sqrt(2 * (v + rho) * Math.log((1 / (2 * alpha)) * Math.sqrt((v + rho) / rho) + 1));
  assert.ok(Math.abs(samplingReach(1 / v, alpha, 1 / Math.sqrt(rho)) - boundary / v) < 1e-12);
});

test("what devices do by themselves does not shrink with time", () => {
  const far = reach({ deviceSd: 0.05, degrees: 1e6, variance: 1e-12 }, 0.01, 0.1);
  assert.ok(Math.abs(far - 2.5758 * 0.05) < 0.001, `${far}`);
});

test("few degrees of freedom make the part of the devices wider", () => {
  const at = (degrees: number) => reach({ deviceSd: 1, degrees, variance: 0 }, 0.01, 1);
  assert.ok(Math.abs(at(10) - 3.1693) < 0.001 && Math.abs(at(4) - 4.6041) < 0.001);
});

test("a smaller tail reaches farther, and no uncertainty reaches nowhere", () => {
  const uncertainty = { deviceSd: 0.05, degrees: 20, variance: 0.001 };
  assert.ok(reach(uncertainty, 0.001, 0.1) > reach(uncertainty, 0.05, 0.1));
  assert.equal(samplingReach(0, 0.01, 0.1), 0);
});
