import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetRates } from "./fleet-rates.ts";

test("releases of one bucket are summed and an empty bucket breaks the line", () => {
  const points = [
    { at: 0, frames: 60, errors: 0, dropped: 0 },
    { at: 0, frames: 60, errors: 6, dropped: 0 },
    { at: 120_000, frames: 30, errors: 0, dropped: 3 },
  ];
  assert.deepEqual(fleetRates(points, 60_000), {
    at: [0, 60_000, 120_000],
    answered: [2, null, 0.5],
    lost: [0.1, null, 0.05],
    frames: 150,
  });
  assert.deepEqual(fleetRates([], 60_000).at, []);
});
