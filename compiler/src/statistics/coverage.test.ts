import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type PairedUnit,
  type ProportionUnit,
  pairedDifference,
  proportion,
  type Random,
  seededRandom,
} from "./index.ts";

const worlds = 400;
const clusters = [15, 30, 80, 200];
const nominal = 0.95;
const least = 0.93;

for (const count of clusters) {
  for (const { share, correlation, isEven } of [
    { share: 0.8, correlation: 0.3, isEven: true },
    { share: 0.95, correlation: 0.3, isEven: false },
    { share: 0.9, correlation: 0.7, isEven: false },
  ]) {
    test(`the interval of ${share} over ${count} ${isEven ? "even" : "uneven"} clusters of correlation ${correlation} holds`, () => {
      const random = seededRandom(`proportion ${count} ${share} ${correlation}`);
      const covered = countWorlds(() => {
        const figure = proportion(drawUnits(count, share, correlation, isEven, random), { seed: random() });
        return figure.low <= share && share <= figure.high;
      });
      assertCovers(covered);
    });
  }
  test(`the interval of a paired difference over ${count} clusters holds`, () => {
    for (const [up, down] of [
      [0.3, 0.05],
      [0.04, 0.02],
    ] as const) {
      const random = seededRandom(`difference ${count} ${up}`);
      const covered = countWorlds(() => {
        const figure = pairedDifference(drawPairs(count, up, down, random), { seed: random() });
        return figure.low <= up - down && up - down <= figure.high;
      });
      assertCovers(covered);
    }
  });
}

test("a percentile bootstrap over 15 clusters does not hold: the check can fail", () => {
  const random = seededRandom("control");
  const covered = countWorlds(() => {
    const units = drawUnits(15, 0.95, 0.3, true, random);
    const [low, high] = naiveBootstrap(units, random);
    return low <= 0.95 && 0.95 <= high;
  });
  assert.ok(covered / worlds < 0.88, `covered ${covered} of ${worlds}`);
});

function assertCovers(covered: number): void {
  assert.ok(covered / worlds >= least, `covered ${covered} of ${worlds}, nominal ${nominal}`);
}

function countWorlds(isCovered: () => boolean): number {
  let covered = 0;
  for (let world = 0; world < worlds; world += 1) if (isCovered()) covered += 1;
  return covered;
}

function drawUnits(
  count: number,
  share: number,
  correlation: number,
  isEven: boolean,
  random: Random,
): ProportionUnit[] {
  return Array.from({ length: count }, () => {
    const [hit, miss] = drawShares([share, 1 - share], correlation, random);
    const total = isEven ? 8 : 1 + Math.floor(random() * 8);
    let successes = 0;
    for (let index = 0; index < total; index += 1) if (random() * (hit! + miss!) < hit!) successes += 1;
    return { successes, total, weight: !isEven && random() < 0.3 ? 2 : 1 };
  });
}

function drawPairs(count: number, up: number, down: number, random: Random): PairedUnit[] {
  return Array.from({ length: count }, () => {
    const [won, lost, same] = drawShares([up, down, 1 - up - down], 0.5, random);
    const total = 1 + Math.floor(random() * 8);
    let candidate = 0;
    let incumbent = 0;
    for (let index = 0; index < total; index += 1) {
      const draw = random() * (won! + lost! + same!);
      if (draw < won!) candidate += 1;
      else if (draw < won! + lost!) incumbent += 1;
    }
    return { candidate, incumbent, total, discordant: candidate + incumbent };
  });
}

/** Unnormalised Dirichlet shares: what one cluster believes, so that its members correlate. */
function drawShares(means: readonly number[], correlation: number, random: Random): number[] {
  return means.map((mean) => drawGamma(mean * (1 / correlation - 1), random));
}

/** Marsaglia & Tsang (2000). */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const cube = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (cube > 0 && Math.log(1 - random()) < 0.5 * normal * normal + d - d * cube + d * Math.log(cube)) return d * cube;
  }
}

function naiveBootstrap(units: readonly ProportionUnit[], random: Random): readonly [number, number] {
  const shares = Array.from({ length: 400 }, () => {
    const drawn = units.map(() => units[Math.floor(random() * units.length)]!);
    return drawn.reduce((sum, unit) => sum + unit.successes, 0) / drawn.reduce((sum, unit) => sum + unit.total, 0);
  }).sort((left, right) => left - right);
  return [shares[10]!, shares[390]!];
}
