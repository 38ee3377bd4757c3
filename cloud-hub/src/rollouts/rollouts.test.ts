import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { createHubClient, type HubClient } from "../http/client/hub-client.ts";
import { type RunningHub, startHub } from "../hub.ts";
import { tinyPolicy, tinyRecipe, tinyTracks } from "../tiny-world.ts";
import type { Rollout } from "./rollout.ts";
import { type Look, TalkingDevice } from "./talking-device.fixture.ts";

let dir: string;
let hub: RunningHub;
let client: HubClient;
let v1: string;
let first: string;
let second: string;
/** Moves on by a second per window, so that a soak does not take its time. */
let shiftMs = 0;
const clock = () => Date.now() + shiftMs;
const devices: TalkingDevice[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-rollouts-"));
  await open();
  await client.importSamples(await tinyTracks(60, 4, seededRandom("rollouts")));
  v1 = await trained(tinyRecipe, 1);
  first = await released(v1, 0.05);
  second = await released(v1, 0.06);
  for (const name of ["cam-1", "cam-2", "cam-3"]) devices.push(await TalkingDevice.enrol(client, name, clock, "yard"));
  for (const device of devices) {
    await device.connect(hub.mqttUrl);
    await client.setDesired({ device: device.name, release: first });
  }
  await until("all run the first release", () => devices.every(({ release }) => release === first));
});
after(async () => {
  for (const device of devices) await device.disconnect();
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

test("a good release passes two waves, each step with its sentence, and devices are asked in their wave only", async () => {
  await windows(20);
  const started = await client.startRollout({ release: second, group: "yard", waves: [1, "100%"], soakMs: 5000 });
  assert.deepEqual(
    started.waves.map(({ devices: members }) => members.length),
    [1, 2],
  );
  const canary = started.waves[0]!.devices[0]!.device;
  await until("the canary runs it", () => named(canary).release === second);
  assert.deepEqual(
    devices.filter(({ release }) => release === second).map(({ name }) => name),
    [canary],
  );
  const ended = await untilEnded(started.id);
  assert.deepEqual([ended.state, ended.cause], ["completed", null], ended.reason);
  assert.ok(devices.every(({ release }) => release === second));
  assert.deepEqual(
    ended.steps.filter(({ kind }) => kind !== "note").map(({ kind }) => kind),
    ["open-wave", "wave-healthy", "open-wave", "wave-healthy", "complete"],
  );
  assert.ok(ended.waves.every(({ verdict }) => verdict?.decision === "healthy" && verdict.rules.length > 0));
  assert.ok(ended.waves[0]!.devices[0]!.firstPredictionAt! >= ended.waves[0]!.openedAt!);
});

test("a refusal in wave one stops it: nobody else is asked, and the refusing device gets its release back", async () => {
  for (const device of devices) device.refuses.add(first);
  const { id } = await client.startRollout({ release: first, group: "yard", waves: [1, "100%"], soakMs: 5000 });
  const ended = await untilEnded(id, false);
  assert.deepEqual([ended.state, ended.cause], ["stopped", "cannot-start"]);
  assert.match(ended.reason, /golden-failed.*2 devices were never asked/);
  const [canary, ...others] = ended.waves.flatMap(({ devices: members }) => members);
  await until("the canary was told its release again", () => named(canary!.device).told.at(-1)!.release === second);
  assert.ok(
    others.every(({ device }) => named(device).told.every(({ release }, index) => index < 2 || release !== first)),
  );
  for (const device of devices) device.refuses.clear();
});

test("harm stops it in wave one and takes the device back; the others never see the release", async () => {
  const bad = await released(v1, 0.07);
  const { id } = await client.startRollout({ release: bad, group: "yard", waves: [1, "100%"], soakMs: 5000 });
  const ended = await untilEnded(id, true, (device) => (device.release === bad ? { confidence: 0.35 } : {}));
  assert.deepEqual([ended.state, ended.cause], ["stopped", "harm"], ended.reason);
  assert.match(ended.reason, /Stopped in wave 1: .*confidence/i);
  await until("the canary is back", () => devices.every(({ release }) => release === second));
  assert.equal(devices.filter(({ told }) => told.some(({ release }) => release === bad)).length, 1);
});

test("a killed hub goes on with a rollout, and a device that was away joins or is taken back", async () => {
  const next = await released(v1, 0.08);
  const { id, waves } = await client.startRollout({ release: next, group: "yard", waves: ["100%"], soakMs: 5000 });
  await until("somebody runs it", () => devices.some(({ release }) => release === next));
  const away = named(waves[0]!.devices[2]!.device);
  await away.disconnect();
  for (const device of devices) await device.disconnect();
  await hub.close();
  await open();
  for (const device of devices) if (device !== away) await device.connect(hub.mqttUrl);
  await windows(3);
  assert.equal((await client.rollout(id)).state, "running");
  const aborted = await client.commandRollout(id, "abort", "seen enough");
  assert.deepEqual([aborted.state, aborted.cause], ["aborted", "aborted"]);
  assert.match(aborted.reason, /Aborted by admin\. seen enough 3 devices go back/);
  await away.connect(hub.mqttUrl);
  await until("all are back", () => devices.every(({ told }) => told.at(-1)!.release === second));
});

test("pause asks nobody further, resume goes on, and commands in a wrong state are refused", async () => {
  const next = await released(v1, 0.09);
  const { id } = await client.startRollout({ release: next, group: "yard", waves: [1, "100%"], soakMs: 5000 });
  await until("the canary runs it", () => devices.some(({ release }) => release === next));
  assert.equal((await client.commandRollout(id, "pause")).state, "paused");
  await rejects(client.commandRollout(id, "pause"), "wrong-state", /to be running to pause it, it is paused/);
  await untilWith("its first wave is healthy", async () => (await client.rollout(id)).waves[0]!.state === "healthy");
  await windows(3);
  assert.deepEqual(
    (await client.rollout(id)).waves.map(({ state }) => state),
    ["healthy", "waiting"],
  );
  assert.equal((await client.commandRollout(id, "resume")).state, "running");
  assert.equal((await untilEnded(id)).state, "completed");
  await rejects(client.commandRollout(id, "abort"), "wrong-state", /is completed/);
});

test("two rollouts on one device are refused, and a release by hand is too unless it is forced", async () => {
  const next = await released(v1, 0.1);
  const { id } = await client.startRollout({ release: next, group: "yard", waves: [1, "100%"], soakMs: 5000 });
  await rejects(
    client.startRollout({ release: second, group: "all" }),
    "rollout-conflict",
    new RegExp(`in rollout ${id}`),
  );
  const waiting = (await client.rollout(id)).waves[1]!.devices[0]!.device;
  const request = { device: waiting, release: first };
  await rejects(client.setDesired(request), "rollout-conflict", /wait for its end or abort it/);
  await client.setDesired({ ...request, force: true });
  await until("it took the release by hand", () => named(waiting).release === first);
  const left = (await client.rollout(id)).waves[1]!.devices[0]!;
  assert.deepEqual([left.state, left.reason], ["left", `admin gave it release ${first.slice(7, 19)} by hand.`]);
  assert.equal((await untilEnded(id)).state, "completed");
  assert.equal(named(waiting).release, first);
  await client.setDesired({ device: waiting, release: next });
  await until("all run the same again", () => devices.every(({ release }) => release === next));
});

test("silence ends a rollout as too little data, and what was asked is taken back", async () => {
  for (const device of devices) device.isWilling = false;
  const request = { release: second, group: "yard", waves: [1, "100%"], soakMs: 2000, longestSoakMs: 8000 };
  const { id } = await client.startRollout(request);
  const ended = await untilEnded(id);
  assert.deepEqual([ended.state, ended.cause], ["stopped", "too-little-data"], ended.reason);
  const canary = ended.waves[0]!.devices[0]!;
  assert.deepEqual([canary.state, named(canary.device).told.at(-1)!.release], ["returned", canary.previous]);
  for (const device of devices) device.isWilling = true;
});

test("a device whose windows are not of what it was given is named and counts for nothing", async () => {
  const [some] = devices;
  const { id, waves } = await client.startRollout({ release: second, group: "yard", waves: ["100%"], soakMs: 3000 });
  assert.ok(waves.length === 1);
  await until("all run it", () => devices.every(({ release }) => release === second));
  await windows(2);
  await some!.window({}, `sha256:${"77".repeat(32)}`);
  const liar = async () => (await client.rollout(id)).waves[0]!.devices.find(({ device }) => device === some!.name)!;
  await until("it is named", async () => (await liar()).reason !== null);
  assert.match((await liar()).reason!, /never given|counts for nothing/);
  await client.commandRollout(id, "abort");
  await until("all are back", () => devices.every(({ release }) => release !== second));
});

test("what cannot go out is refused in one sentence", async () => {
  const unknown = `sha256:${"12".repeat(32)}`;
  await rejects(client.startRollout({ release: unknown, group: "yard" }), "not-found", /release of this fleet/);
  await rejects(
    client.startRollout({ release: second, group: "moon" }),
    "not-found",
    /none named moon.*there are yard/,
  );
  await rejects(client.startRollout({ release: second, group: "yard", waves: [1] }), "bad-waves", /reach 1 of 3/);
  await rejects(
    client.startRollout({ release: second, group: "yard", gate: { health: { rules: { mix: { harmAbove: "x" } } } } }),
    "bad-request",
    /rules\/mix\/harmAbove/,
  );
  await client.addDevice({ device: "cam-8", profile: "x86-64", group: "attic" });
  await rejects(client.startRollout({ release: second, group: "attic" }), "empty-group", /1 device has not enrolled/);
  const pi = await TalkingDevice.enrol(client, "pi-1", clock);
  const narrow = await client.createRelease({
    version: v1,
    policy: tinyPolicy,
    profiles: ["raspberry-pi-5"],
    accept: { reason: "narrow" },
  });
  assert.deepEqual(narrow.manifest.accepted, { by: "admin", reason: "narrow" });
  await client.setDeviceGroup(pi.name, "attic");
  await rejects(client.startRollout({ release: narrow.digest, group: "attic" }), "no-variant", /x86-64 of pi-1/);
  assert.equal((await client.setDeviceGroup(pi.name, null)).group, null);
  await rejects(client.setDeviceGroup(pi.name, "all"), "bad-request", /every enrolled device/);
  const reserved = client.addDevice({ device: "cam-9", profile: "x86-64", group: "all" });
  await rejects(reserved, "bad-request", /every enrolled device/);
});

test("a version that no gate passed goes out only when somebody accepted it", async () => {
  const v2 = await trained({ ...tinyRecipe, steps: 20 }, 2, v1);
  const release = await released(v2, 0.05);
  await rejects(client.startRollout({ release, group: "yard" }), "not-accepted", /no gate has compared/);
  await client.gate({ candidate: v2, incumbent: v1, old: { source: "import", split: "val" } });
  await rejects(
    client.startRollout({ release, group: "yard" }),
    "not-accepted",
    /did not pass its gate.*No audited sample/,
  );
  const accept = { reason: "to see it in the yard" };
  const { digest } = await client.createRelease({
    version: v2,
    policy: tinyPolicy,
    budget: { maxSlowdown: 50 },
    accept,
  });
  const { id } = await client.startRollout({ release: digest, group: "yard" });
  await client.commandRollout(id, "abort");
});

async function open(): Promise<void> {
  hub = await startHub({ dataDir: dir, listen: { httpPort: 0, mqttPort: 0 }, clock });
  client = createHubClient({ url: hub.url, token: hub.token });
}

async function trained(recipe: object, seed: number, base?: string): Promise<string> {
  const snapshot = await client.createSnapshot({
    name: `day ${seed}`,
    parts: [{ role: "old", query: { source: "import" } }],
  });
  const { run } = await client.startRun({
    model: "signs",
    snapshot: snapshot.id,
    recipe: { ...recipe },
    seed,
    ...(base ? { base } : {}),
  });
  const { version, error } = await client.waitForRun(run);
  assert.ok(version, error ?? "");
  const job = await client.waitForJob((await client.compile(version)).job);
  assert.equal(job.state, "done", job.error ?? "");
  return version;
}

/** Another audit rate makes another release of the same version. */
async function released(version: string, rate: number): Promise<string> {
  const policy = { ...tinyPolicy, audit: { ...tinyPolicy.audit, rate } };
  return (await client.createRelease({ version, policy, budget: { maxSlowdown: 50 } })).digest;
}

const named = (name: string): TalkingDevice => devices.find((device) => device.name === name)!;

/** Lets seconds pass, in each of which every device sends a window. */
async function windows(count: number, look: (device: TalkingDevice) => Look = () => ({})): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    shiftMs += 1000;
    await Promise.all(devices.map((device) => device.window(look(device))));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

async function untilEnded(id: string, withWindows = true, look?: (device: TalkingDevice) => Look): Promise<Rollout> {
  for (let tries = 0; tries < 400; tries += 1) {
    const rollout = await client.rollout(id);
    if (rollout.endedAt !== null) return rollout;
    if (withWindows) await windows(1, look);
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { reason, waves } = await client.rollout(id);
  throw new Error(
    `The rollout did not end: ${reason}\n${JSON.stringify(
      waves.map(({ verdict }) => verdict),
      undefined,
      1,
    )}`,
  );
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; !(await isTrue()); ) {
    assert.ok(Date.now() < deadline, `waited 90 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The same, with windows meanwhile. */
async function untilWith(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let seconds = 0; !(await isTrue()); seconds += 1) {
    assert.ok(seconds < 100, `waited 100 windows in vain until ${what}`);
    await windows(1);
  }
}

function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
