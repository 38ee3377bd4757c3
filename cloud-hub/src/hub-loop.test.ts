import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import {
  type Answers,
  createSketch,
  decodeEnrolmentCode,
  decodeMessage,
  decodePublicKey,
  encodeMessage,
  encodePublicKey,
  generateKeyPair,
  type Lane,
  observeFrame,
  type RecordKind,
  verifyDesiredState,
  verifyReceipt,
  verifyRelease,
} from "@fieldloop/devices";
import mqtt, { type MqttClient } from "mqtt";
import { extract } from "tar-stream";
import type { EnrolmentAnswer } from "./fleet/enrolment.ts";
import { createHubClient, type HubClient } from "./http/client/hub-client.ts";
import { type RunningHub, startHub } from "./hub.ts";
import type { Release } from "./registry/release.ts";
import { tinyClasses, tinyImage, tinyPolicy, tinyRecipe, tinySize, tinyTracks } from "./tiny-world.ts";

const listen = { httpPort: 0, mqttPort: 0 };
const random = seededRandom("loop");
const epoch = "00112233445566aa";
let dir: string;
let hub: RunningHub;
let client: HubClient;
let device: EnrolmentAnswer;
let wire: MqttClient;
let release: Release;
let version: string;
const heard = new Map<string, Uint8Array[]>();
const seqs = new Map<Lane, number>();
const truth = new Map<string, string>();

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-loop-"));
  hub = await startHub({ dataDir: dir, listen });
  client = createHubClient({ url: hub.url, token: hub.token });
});
after(async () => {
  await wire?.endAsync(true);
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

test("trains a version by day, with live events, lineage and the hub's own judgement", async () => {
  await client.importSamples(await tinyTracks(60, 4, random));
  const snapshot = await client.createSnapshot({ name: "day", parts: [{ role: "old", query: { source: "import" } }] });
  const { run } = await client.startRun({ model: "signs", snapshot: snapshot.id, recipe: tinyRecipe, seed: 1 });
  const texts: string[] = [];
  const finished = await client.waitForRun(run, (event) => texts.push(event.text));
  assert.equal(finished.state, "done", finished.error ?? "");
  assert.ok(texts.some((text) => /metrics.*loss/.test(text)));
  version = finished.version!;
  const found = await client.version(version);
  assert.deepEqual([found.run, found.snapshot, found.base], [run, snapshot.id, null]);
  assert.ok((found.metrics.validation as { side: { value: number } }).side.value > 0.9);
});

test("a release needs variants; compiling makes them with fit cards measured off calibration", async () => {
  await assert.rejects(client.createRelease({ version, policy: tinyPolicy }), { code: "not-compiled" });
  const job = await client.waitForJob((await client.compile(version)).job);
  assert.equal(job.state, "done", job.error ?? "");
  const { variants } = await client.version(version);
  const int8 = variants.find(({ target }) => target === "ort-cpu-x86");
  assert.ok(variants.some(({ target }) => target === "ort-cpu-fp32"));
  assert.ok(int8 === undefined || (int8.fitCard.agreement?.n ?? 0) >= 5);
});

test("a release is signed, says why each profile got its target, and holds enough golden samples", async () => {
  release = await client.createRelease({ version, policy: tinyPolicy, budget: { maxSlowdown: 5 } });
  assert.ok(release.manifest.golden.samples >= 16);
  assert.match(release.profiles["x86-64"]!.why, /within its budget/);
  assert.equal((await client.release(release.digest)).digest, release.digest);
});

test("a device that enrolled gets its desired state when told, and again when it connects", async () => {
  device = await enrolled("cam-1", "x86-64");
  assert.equal((await client.setDesired({ device: "cam-1", release: release.digest })).number, 1);
  wire = await connected(device);
  const signed = decodeMessage("signed", await next("desired"));
  const hubKey = decodePublicKey(device.hubPublicKey);
  const state = verifyDesiredState(signed, hubKey);
  assert.ok(state.ok && state.value.number === 1 && state.value.release === release.digest);
  assert.equal((await client.setDesired({ device: "cam-1", release: release.digest })).number, 2);
  const again = verifyDesiredState(decodeMessage("signed", await next("desired")), hubKey);
  assert.ok(again.ok && again.value.number === 2);
});

test("a release without a variant for the device's profile is refused unless forced", async () => {
  await enrolled("cam-2", "jetson-orin-nano");
  const narrow = await client.createRelease({ version, policy: tinyPolicy, profiles: ["x86-64"] });
  const request = { device: "cam-2", release: narrow.digest };
  await assert.rejects(client.setDesired(request), { code: "no-variant" });
  assert.equal((await client.setDesired({ ...request, force: true })).number, 1);
});

test("the bundle holds the signed release, the device's desired state and every file", async () => {
  const files = await unpacked(await client.bundle(release.digest, "cam-1"));
  const signature = JSON.parse(Buffer.from(files.get("manifest.sig.json")!).toString()) as { signature: string };
  const signed = {
    v: 1 as const,
    payload: files.get("manifest.json")!,
    signature: new Uint8Array(Buffer.from(signature.signature, "base64")),
  };
  assert.ok(verifyRelease(signed, decodePublicKey(device.hubPublicKey)).ok);
  assert.ok(files.has("desired.json") && files.has(`blobs/${release.manifest.golden.blob.digest.slice(7)}`));
});

test("device samples are stored once and acknowledged by a signed receipt", async () => {
  await walk("dusk", 0.25, 40);
  const receipt = verifyReceipt(decodeMessage("signed", await next("receipt")), decodePublicKey(device.hubPublicKey));
  assert.ok(receipt.ok && receipt.value.device === "cam-1");
  await until(async () => (await client.samples({ source: "device", limit: 1000 })).samples.length === 160);
});

test("sketches of a darker world raise the drift alarm at the second window", async () => {
  for (let window = 0; window < 3; window += 1) await sketch(Date.now() - 60_000 + window * 5000, 0.25);
  await until(async () => (await client.drift({ device: "cam-1" })).windows.length === 3);
  const report = await client.drift({ device: "cam-1" });
  assert.equal(report.alarm?.windows, 2);
  assert.match(report.alarm?.explanation ?? "", /beyond what chance explains/);
});

test("the audit queue holds every audited sample, and its answers give field accuracy with its interval", async () => {
  const { items, candidates } = await client.queue({ kind: "audit", limit: 500 });
  assert.equal(items.length, candidates);
  assert.ok(items.length >= 10 && items.every((item) => item.kind === "sample"));
  await client.label({ items: items.map((item) => answer({ sample: item.samples[0]! }, item.track!)) });
  const accuracy = await client.accuracy({ release: release.digest });
  assert.deepEqual([accuracy.audited, accuracy.answered], [items.length, items.length]);
  const side = accuracy.heads.side!;
  assert.ok(side.low <= side.value && side.value <= side.high && side.n <= items.length);
});

test("the labelling queue offers whole tracks without audited frames, and one answer labels all their samples", async () => {
  const audited = new Set((await client.samples({ audit: true, limit: 500 })).samples.map((sample) => sample.track));
  const page = await client.queue({ kind: "labelling", limit: 6, seed: 3 });
  assert.equal(page.items.length, 6);
  assert.deepEqual(page, await client.queue({ kind: "labelling", limit: 6, seed: 3 }));
  for (const item of page.items) {
    assert.equal(item.kind, "track");
    assert.ok(!audited.has(item.track));
    assert.match(item.why, /^Cluster \d+ of 6: /);
  }
  const { samples } = await client.label({
    items: page.items.map((item) => answer({ track: item.track! }, item.track!)),
  });
  assert.equal(
    samples,
    page.items.reduce((sum, item) => sum + item.samples.length, 0),
  );
  const rest = await client.queue({ kind: "labelling", limit: 100 });
  assert.equal(rest.candidates, page.candidates - 6);
});

test("samples near one of them come nearest first, within its release's space", async () => {
  const [item] = (await client.queue({ kind: "labelling", limit: 1 })).items;
  const { samples } = await client.samples({ near: item!.samples[0]!, limit: 5 });
  assert.equal(samples[0]!.id, item!.samples[0]);
  assert.ok(samples.every((sample, index) => index === 0 || sample.distance! >= samples[index - 1]!.distance!));
});

let fieldSnapshot: string;

test("a field snapshot leaves out audited tracks, and marks what a machine labelled", async () => {
  const snapshot = await client.createSnapshot({
    name: "dusk",
    parts: [
      { role: "old", query: { source: "import" } },
      { role: "field", query: {}, selfLabel: { threshold: 0.6 } },
    ],
  });
  fieldSnapshot = snapshot.id;
  const { counts } = snapshot;
  assert.equal(counts.fieldHumanTracks, 6);
  assert.ok(counts.auditedTracksLeftOut! > 0);
  assert.equal(counts.field, counts.fieldHuman! + counts.fieldMachine!);
  assert.equal(counts.members, counts.old! + counts.field!);
});

test("the gate compares on audited and old validation samples only", async () => {
  const { run } = await client.startRun({
    model: "signs",
    snapshot: fieldSnapshot,
    base: version,
    recipe: tinyRecipe,
    seed: 2,
  });
  const next = await client.waitForRun(run);
  assert.equal(next.state, "done", next.error ?? "");
  const verdict = await client.gate({ candidate: next.version!, incumbent: version, old: {} });
  assert.deepEqual(
    verdict.rules.map((rule) => rule.name),
    ["better-on-audited", "not-worse-on-old"],
  );
  assert.equal(
    verdict.passed,
    verdict.rules.every((rule) => rule.passed),
  );
  await assert.rejects(client.gate({ candidate: next.version!, incumbent: version, old: { split: "test" } }), {
    code: "bad-request",
  });
  const both = await client.evaluate({
    versions: [version, next.version!],
    query: { audit: true },
    weightByInclusion: true,
  });
  assert.equal(both.versions.length, 2);
  assert.ok(both.difference?.side !== undefined);
});

test("from a release down to its samples and back, with who asked and how the training went", async () => {
  const down = await client.releaseLineage(release.digest);
  assert.deepEqual([down.release?.digest, down.version.id, down.snapshot?.name], [release.digest, version, "day"]);
  assert.deepEqual([down.run?.state, down.run?.createdBy, down.snapshot?.createdBy], ["done", "admin", "admin"]);
  assert.equal(down.samples.total, 240);
  assert.ok(down.samples.parts.every(({ role, samples, tracks }) => role === "old" && samples === 4 * tracks));
  const [member] = (await client.samples({ snapshot: down.snapshot!.id, split: "train", limit: 1 })).samples;
  const up = await client.sampleLineage(member!.id);
  const day = up.snapshots.find(({ id }) => id === down.snapshot!.id);
  assert.ok(day?.runs[0]?.releases.includes(release.digest));
  const [next] = (await client.versions()).filter(({ base }) => base === version);
  assert.deepEqual(
    (await client.versionLineage(next!.id)).bases.map(({ id }) => id),
    [version],
  );

  const curves = await client.runCurves(down.run!.id);
  const loss = curves.series.find(({ name }) => /loss/.test(name));
  assert.ok(loss !== undefined && loss.values.length > 1 && loss.values.at(-1)! < loss.values[0]!);
  const runs = await client.runs();
  assert.deepEqual(
    runs.map(({ progress, createdBy }) => [progress, createdBy]),
    [
      [1, "admin"],
      [1, "admin"],
    ],
  );
  assert.equal((await client.releases())[0]?.createdBy, "admin");
  assert.equal((await client.snapshots()).length, 2);
});

test("an evaluation is kept with its confusion matrix, whose cells open the samples behind them", async () => {
  const query = { source: "import" as const, split: "val" as const };
  const asked = await client.evaluate({ versions: [version], query, confusion: true });
  const { side } = asked.versions[0]!.heads;
  assert.equal(
    side!.confusion!.cells.reduce((sum, cell) => sum + cell.samples, 0),
    side!.samples,
  );
  const [cell] = side!.confusion!.cells;
  const { samples } = await client.samples({ ids: cell!.ids.join(","), limit: 100 });
  assert.ok(samples.length > 0 && samples.every(({ labels }) => labels.side?.class === cell!.truth));
  const kept = await client.evaluation(asked.id);
  assert.deepEqual(kept.versions, asked.versions);
  assert.equal(kept.by, "admin");
  const [listed] = await client.evaluations(version);
  assert.deepEqual(listed?.accuracy[version]?.side, side!.accuracy);
});

test("the loop's figures are those of its tables", async () => {
  const figures = await client.overview();
  const { samples } = await client.samples({ source: "device", labelled: false, limit: 1000 });
  assert.equal(figures.samples.waiting, samples.length);
  let all = 0;
  for await (const _ of client.allSamples({})) all += 1;
  assert.equal(figures.samples.total, all);
  assert.equal((await client.histogram({})).total, all);
  const releases = await client.releases();
  assert.deepEqual([figures.releases.total, figures.releases.latest], [releases.length, releases[0]?.digest]);
  assert.equal(figures.drift.device, "cam-1");
  assert.equal(figures.runs.finished, 2);
});

test("a cancelled run stops; a run of a closed hub goes on when it comes back", async () => {
  const long = { ...tinyRecipe, steps: 100_000, checkpointEvery: 20 };
  const first = await client.startRun({ model: "signs", snapshot: fieldSnapshot, recipe: long, seed: 3 });
  await until(async () => (await client.runEvents(first.run)).events.length > 0);
  await client.cancelJob(first.job);
  assert.equal((await client.waitForRun(first.run)).state, "cancelled");

  const second = await client.startRun({
    model: "signs",
    snapshot: fieldSnapshot,
    recipe: { ...tinyRecipe, steps: 200, checkpointEvery: 20 },
    seed: 4,
  });
  await until(async () => (await client.runEvents(second.run)).events.length > 0);
  await wire.endAsync(true);
  await hub.close();
  hub = await startHub({ dataDir: dir, listen });
  client = createHubClient({ url: hub.url, token: hub.token });
  const ended = await client.waitForRun(second.run);
  assert.equal(ended.state, "done", ended.error ?? "");
  assert.equal((await client.job(second.job)).attempts, 2);
});

function answer(subject: { sample: string } | { track: string }, track: string) {
  return { ...subject, head: "side", class: truth.get(track)!, author: "ada", kind: "human" as const };
}

async function enrolled(name: string, profile: string): Promise<EnrolmentAnswer> {
  const { code } = await client.addDevice({ device: name, profile, simulated: true });
  const { secret, url } = decodeEnrolmentCode(code);
  const publicKey = encodePublicKey(generateKeyPair().publicKey);
  const body = JSON.stringify({ secret, publicKey, profile, inventory: {} });
  const response = await fetch(new URL("/v1/enrol", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.equal(response.status, 200);
  return (await response.json()) as EnrolmentAnswer; // by the route's schema
}

async function connected(who: EnrolmentAnswer): Promise<MqttClient> {
  const one = await mqtt.connectAsync(who.mqttUrl, {
    clientId: who.device,
    username: `${who.fleet}/${who.device}`,
    password: who.credential,
  });
  one.on("message", (topic, payload) => {
    const channel = topic.split("/").at(-1)!;
    heard.set(channel, [...(heard.get(channel) ?? []), new Uint8Array(payload)]);
  });
  const topics = ["receipt", "desired"].map((channel) => `fieldloop/${who.fleet}/${who.device}/down/${channel}`);
  await one.subscribeAsync(topics, { qos: 1 });
  return one;
}

async function next(channel: string): Promise<Uint8Array> {
  await until(async () => (heard.get(channel) ?? []).length > 0);
  return heard.get(channel)!.shift()!;
}

async function send(lane: Lane, kind: RecordKind, bodies: readonly Uint8Array[]): Promise<void> {
  const records = bodies.map((body) => {
    const seq = (seqs.get(lane) ?? 0) + 1;
    seqs.set(lane, seq);
    return { seq, at: Date.now(), kind, body };
  });
  const payload = Buffer.from(encodeMessage("envelope", { v: 1, epoch, lane, records }));
  await wire.publishAsync(`fieldloop/${device.fleet}/${device.device}/up/records`, payload, { qos: 1 });
}

/** Tracks of four frames; every tenth frame is audited. */
async function walk(prefix: string, light: number, tracks: number): Promise<void> {
  let frame = 0;
  for (let track = 0; track < tracks; track += 1) {
    const index = (track * 3) % tinyClasses.length;
    truth.set(`${prefix}-${track}`, tinyClasses[index]!);
    for (let each = 0; each < 4; each += 1) {
      frame += 1;
      const isAudit = frame % 10 === 0;
      const body = encodeMessage("sample", {
        v: 1,
        release: release.digest,
        frame,
        at: Date.now(),
        image: {
          encoding: "png",
          width: tinySize,
          height: tinySize,
          lossy: false,
          bytes: await tinyImage(index, light, random),
        },
        reasons: [{ kind: isAudit ? "audit" : "uncertainty", probability: isAudit ? 0.1 : 0.5 }],
        inclusionProbability: isAudit ? 0.1 : 0.5,
        heads: unsure(index),
        embedding: Float32Array.from({ length: 8 }, (_, axis) => (axis === index ? 3 : 0) + random()),
        luma: 120 * light,
        context: { track: `${prefix}-${track}` },
      });
      await send(isAudit ? "audit" : "samples", "sample", [body]);
    }
  }
}

async function sketch(windowStart: number, light: number): Promise<void> {
  const heads = { side: 4, axis: 2 };
  const window = createSketch({ release: release.digest, windowStart, windowMs: 5000, heads, embeddingSize: 8 });
  for (let frame = 0; frame < 150; frame += 1) {
    const embedding = Float32Array.from({ length: 8 }, () => random());
    observeFrame(window, { heads: unsure(frame % 4), embedding, luma: 120 * light, latencyUs: 400 });
  }
  await send("sketches", "sketch", [encodeMessage("sketch", window)]);
}

/** A device that is right two times out of three, and never sure. */
function unsure(index: number): Answers {
  const side = random() < 0.67 ? index : (index + 1) % 4;
  return {
    side: { index: side, confidence: 0.3 + 0.2 * random(), margin: 0.1 * random() },
    axis: { index: side < 2 ? 0 : 1, confidence: 0.6, margin: 0.2 },
  };
}

async function unpacked(tar: Uint8Array): Promise<Map<string, Uint8Array>> {
  const reader = extract();
  reader.end(Buffer.from(tar));
  const files = new Map<string, Uint8Array>();
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, new Uint8Array(Buffer.concat(chunks)));
  }
  return files;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isTrue())) {
    assert.ok(Date.now() < deadline, "waited 30 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
