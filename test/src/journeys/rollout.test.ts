import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Rollout } from "@fieldloop/cloud-hub";
import { until } from "./device-process.ts";
import { RolloutFleet, steadyGate } from "./rollout-fleet.ts";

const request = { group: "all", waves: [1, "100%"], soakMs: 5000, longestSoakMs: 150_000, gate: steadyGate };
let fleet: RolloutFleet;

before(async () => {
  fleet = await RolloutFleet.start(3);
  await new Promise((resolve) => setTimeout(resolve, 8000)); // a past to be compared with
});
after(() => fleet?.end());

test("a good release passes two waves, the second only after the first is healthy", async () => {
  const release = await fleet.goodRelease();
  const { id } = await fleet.client.startRollout({ ...request, release });
  const ended = await untilEnded(id);
  assert.equal(ended.state, "completed", told(ended));
  const [one, two] = ended.waves;
  assert.ok(one!.decidedAt! <= two!.openedAt!);
  for (const { device } of two!.devices) {
    assert.ok(fleet.camera(device).answered.get(release)!.firstAt >= two!.openedAt!, `${device} waited for its wave`);
  }
  for (const camera of fleet.cameras) assert.equal(await camera.release(), release);
});

test("a release whose golden samples fail answers no frame anywhere, and the others are never asked", async () => {
  const release = await fleet.brokenRelease();
  const { id } = await fleet.client.startRollout({ ...request, release });
  const ended = await untilEnded(id);
  assert.deepEqual([ended.state, ended.cause], ["stopped", "cannot-start"], told(ended));
  assert.match(ended.reason, /golden-failed/);
  assert.equal(fleet.framesBy(release), 0);
  assert.ok(ended.waves[1]!.devices.every(({ state }) => state === "waiting"));
});

test("harm stops a release in wave one and rolls it back; the others never see it", async () => {
  const before = await Promise.all(fleet.cameras.map((camera) => camera.release()));
  const release = await fleet.harmfulRelease();
  const { id } = await fleet.client.startRollout({ ...request, release });
  const ended = await untilEnded(id);
  assert.deepEqual([ended.state, ended.cause], ["stopped", "harm"], told(ended));
  const isBack = async () =>
    (await Promise.all(fleet.cameras.map((camera) => camera.release()))).every((each, at) => each === before[at]);
  await until("every camera runs what it ran before", isBack, 90_000);
  const reached = fleet.cameras.filter(({ answered }) => answered.has(release)).map(({ name }) => name);
  assert.deepEqual(reached, [ended.waves[0]!.devices[0]!.device]);
});

async function untilEnded(id: string): Promise<Rollout> {
  let rollout = await fleet.client.rollout(id);
  const isOver = async () => {
    rollout = await fleet.client.rollout(id);
    return rollout.endedAt !== null;
  };
  await until("the rollout ended", isOver, 240_000).catch((error: unknown) => {
    throw new Error(`${String(error)} ${told(rollout)}`);
  });
  return rollout;
}

const told = ({ reason, waves }: Rollout): string =>
  `${reason}\n${waves.flatMap(({ verdict }) => verdict?.rules.map(({ sentence }) => sentence) ?? []).join("\n")}`;
