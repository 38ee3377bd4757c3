import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Candidate, defaultShares, planWaves } from "./waves.ts";

const profiles = ["x86-64", "raspberry-pi-5", "jetson-orin-nano"];
const fleet = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, index) => ({ device: `cam-${index}`, profile: profiles[index % 3]! }));

test("counts ask that many devices, a percent goes up to that part of the group", () => {
  const waves = planWaves(fleet(40), [2, "25%", "100%"], "key");
  assert.deepEqual(
    waves.map(({ share, devices }) => [share, devices.length]),
    [
      ["2", 2],
      ["25%", 8],
      ["100%", 30],
    ],
  );
});

test("counts alone may add up to the group", () => {
  assert.deepEqual(
    planWaves(fleet(3), [1, 2], "key").map(({ devices }) => devices.length),
    [1, 2],
  );
});

test("a percent that adds nobody in a small group is no wave", () => {
  assert.deepEqual(
    planWaves(fleet(3), ["5%", "25%", "50%", "100%"], "key").map(({ share }) => share),
    ["5%", "50%", "100%"],
  );
});

test("waves that do not reach the group once are refused", () => {
  for (const shares of [[1], [1, 3], [4], ["50%"], ["50%", "50%"], ["100%", 1], ["60%", "40%"], ["101%"]] as const) {
    assert.throws(() => planWaves(fleet(3), shares, "key"), { code: "bad-waves" }, String(shares));
  }
});

test("without waves there is a canary per profile, at most a third, then a quarter of a large group, then all", () => {
  assert.deepEqual(defaultShares(fleet(1)), ["100%"]);
  assert.deepEqual(defaultShares(fleet(3)), [1, "100%"]);
  assert.deepEqual(defaultShares(fleet(9)), [3, "100%"]);
  assert.deepEqual(defaultShares(fleet(200)), [3, "25%", "100%"]);
});

test("the first devices cover every profile", () => {
  const uneven: Candidate[] = [
    ...Array.from({ length: 50 }, (_, index) => ({ device: `pc-${index}`, profile: "x86-64" })),
    { device: "pi", profile: "raspberry-pi-5" },
    { device: "orin", profile: "jetson-orin-nano" },
  ];
  const [first] = planWaves(uneven, [3, "100%"], "key");
  assert.deepEqual(
    new Set(first!.devices.map((name) => uneven.find(({ device }) => device === name)!.profile)),
    new Set(profiles),
  );
});

test("devices that are away are asked last of their profile", () => {
  const devices = fleet(30).map((each, index) => ({ ...each, isAway: index < 15 }));
  const order = planWaves(devices, ["100%"], "key")[0]!.devices;
  for (const profile of profiles) {
    const own = order
      .map((name) => devices.find(({ device }) => device === name)!)
      .filter((each) => each.profile === profile);
    assert.deepEqual(
      own.map(({ isAway }) => isAway),
      own.map(({ isAway }) => isAway).toSorted(),
    );
  }
});

test("every device is in one wave, whatever the group and its order; another key gives other canaries", () => {
  const group = fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(group, fc.string(), (numbers, key) => {
      const devices = numbers.map((number) => ({ device: `d-${number}`, profile: profiles[number % 3]! }));
      const waves = planWaves(devices, undefined, key);
      const all = waves.flatMap(({ devices: members }) => members);
      assert.deepEqual(all.toSorted(), devices.map(({ device }) => device).toSorted());
      assert.deepEqual(planWaves(devices.toReversed(), undefined, key), waves);
    }),
    { seed: 5 },
  );
  const canaries = new Set(
    Array.from({ length: 20 }, (_, key) => planWaves(fleet(10), [1, "100%"], `key ${key}`)[0]!.devices[0]),
  );
  assert.ok(canaries.size > 3);
});
