import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { decodeMessage, encodeMessage, generateKeyPair, type ReleaseManifest } from "@fieldloop/devices";
import { startInlineEngine } from "./engine/inline-engine.ts";
import { writeIdentity } from "./identity/identity.ts";
import { desire, makeTinyRelease, type TinyRelease, tinyImage, writeBundle } from "./releases/tiny-release.ts";
import type { RuntimeOptions } from "./runtime/device-runtime.ts";
import { openRuntime, type Runtime } from "./runtime.ts";
import { TinyHub } from "./uplink/tiny-hub.ts";

const keys = generateKeyPair();
const root = await mkdtemp(join(tmpdir(), "fieldloop-runtime-"));
after(() => rm(root, { recursive: true, force: true }));

const keepEverything = (manifest: ReleaseManifest): ReleaseManifest => ({
  ...manifest,
  policy: {
    ...manifest.policy,
    sketchWindowMs: 1000,
    audit: { rate: 0.5, key: "00".repeat(16) },
    scorers: [{ kind: "uncertainty", head: "sign", bytesPerSecond: 1_000_000, burstBytes: 1_000_000 }],
  },
});
const first = await makeTinyRelease(keys, { seed: 1, change: keepEverything });
const second = await makeTinyRelease(keys, { seed: 2, change: keepEverything });
const wrong = await makeTinyRelease(keys, { seed: 3, wrongGolden: true });

let folders = 0;
async function bundle(release: TinyRelease, number: number): Promise<string> {
  folders += 1;
  const dir = join(root, `bundle-${folders}`);
  await writeBundle(dir, release, desire(keys, release.digest, number));
  return dir;
}

async function device(hub: TinyHub): Promise<string> {
  folders += 1;
  const dir = join(root, `device-${folders}`);
  await writeIdentity(dir, hub.identity());
  return dir;
}

async function opened(t: TestContext, options: RuntimeOptions = {}) {
  const hub = await TinyHub.start(keys);
  const dir = await device(hub);
  const open = () =>
    openRuntime(dir, {
      startEngine: () => startInlineEngine(),
      mostBackoffMs: 50,
      journal: { freeSpaceFloorBytes: 0 },
      ...options,
    });
  const runtime = await open();
  t.after(async () => {
    await runtime.close();
    await hub.close();
  });
  return { hub, dir, runtime, open };
}

const frame = (seed: number, more = {}) => ({ image: { data: tinyImage(seed), width: 2, height: 2 }, ...more });

async function answers(runtime: Runtime, count: number) {
  const predictions = [];
  for (let seed = 1; seed <= count; seed += 1) predictions.push(await runtime.infer(frame(seed)));
  return predictions;
}

async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    assert.ok(Date.now() < end, `timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("answers frames, and what is worth keeping reaches the hub and is released by its receipts", async (t) => {
  const { hub, runtime } = await opened(t);
  assert.deepEqual(await runtime.offerBundle(await bundle(first, 1)), {
    accepted: true,
    release: first.digest,
    number: 1,
  });
  const predictions = await answers(runtime, 40);
  const [one] = predictions;
  assert.ok(one);
  assert.equal(one.id, `${runtime.status().epoch}-1`);
  assert.equal(one.release, first.digest);
  assert.deepEqual(Object.keys(one.heads), ["sign", "category"]);
  assert.ok(one.heads.sign && one.heads.sign.confidence > 1 / 3 - 1e-9 && one.heads.sign.margin >= 0);
  assert.equal(one.embedding.length, 4);
  const sketched = () => hub.lane("sketches").map(({ body }) => decodeMessage("sketch", body));
  await until(() => sketched().reduce((sum, { frames }) => sum + frames, 0) === 40, "sketches of all frames");
  const waiting = () => Object.values(runtime.status().journal.lanes).reduce((sum, lane) => sum + lane.waiting, 0);
  await until(() => waiting() === 0, "everything released");
  const said = hub.lane("predictions").flatMap(({ body }) => decodeMessage("predictions", body).items);
  assert.deepEqual(
    said.map((item) => item.frame),
    predictions.map((prediction) => prediction.frame),
  );
  const samples = [...hub.lane("audit"), ...hub.lane("samples")].map(({ body }) => decodeMessage("sample", body));
  assert.ok(samples.length >= 10 && samples.length <= 40, `${samples.length} samples`);
  assert.equal(new Set(samples.map((sample) => sample.frame)).size, samples.length, "one record a frame");
  assert.ok(hub.lane("audit").every(({ body }) => decodeMessage("sample", body).inclusionProbability === 0.5));
  const { frames } = runtime.status();
  assert.deepEqual(frames, { frames: 40, answered: 40, inWork: 0, unanswered: {} });
});

test("swaps releases between frames, leaves none unanswered, and tells each step on the control lane", async (t) => {
  const { hub, runtime } = await opened(t);
  await runtime.offerBundle(await bundle(first, 1));
  await answers(runtime, 20);
  const stream = (async () => {
    const seen = new Set<string>();
    for (let seed = 1; !seen.has(second.digest) || seed < 100; seed += 1)
      seen.add((await runtime.infer(frame(seed))).release);
    return seen;
  })();
  const taken = await runtime.offerBundle(await bundle(second, 2));
  assert.ok(taken.accepted);
  assert.deepEqual([...(await stream)], [first.digest, second.digest]);
  await answers(runtime, 20);
  await until(() => runtime.status().releases.slots.b.state === "good", "good");
  assert.deepEqual(runtime.status().frames.unanswered, {});
  const swap = runtime.status().swaps.at(-1);
  assert.equal(swap?.release, second.digest);
  assert.equal(swap?.unanswered, 0);
  const events = () =>
    hub
      .lane("control")
      .filter(({ kind }) => kind === "release-event")
      .map(({ body }) => decodeMessage("release-event", body));
  await until(() => events().length === 6, "six events");
  assert.deepEqual(
    events().map(({ state, number }) => `${state} ${number}`),
    ["offered 1", "staged 1", "good 1", "offered 2", "staged 2", "good 2"],
  );
});

test("refuses a release that fails its golden samples with a code and reason, and keeps answering", async (t) => {
  const { hub, runtime } = await opened(t);
  await runtime.offerBundle(await bundle(first, 1));
  const refused: string[] = [];
  runtime.on("refused", ({ code }) => refused.push(code ?? ""));
  const result = await runtime.offerBundle(await bundle(wrong, 2));
  assert.equal(result.accepted, false);
  assert.deepEqual(refused, ["golden-failed"]);
  assert.equal((await runtime.infer(frame(1))).release, first.digest);
  const told = () => hub.lane("control").map(({ kind, body }) => kind === "release-event" && decodeMessage(kind, body));
  await until(() => told().some((event) => event && event.state === "refused"), "refusal told");
});

test("counts every frame that it does not answer, with its reason", async (t) => {
  const { runtime } = await opened(t, { mailbox: { waiting: 3 } });
  await assert.rejects(runtime.infer(frame(1)), { code: "no-release" });
  await runtime.offerBundle(await bundle(first, 1));
  await assert.rejects(runtime.infer({ image: new Uint8Array(10) }), { code: "image-unsupported" });
  await assert.rejects(runtime.infer(frame(1, { context: { track: { no: 1 } } })), { code: "bad-frame" });
  const burst = await Promise.allSettled(Array.from({ length: 12 }, (_, seed) => runtime.infer(frame(seed))));
  assert.equal(burst.filter(({ status }) => status === "fulfilled").length, 5);
  const { frames, answered, unanswered } = runtime.status().frames;
  assert.deepEqual(unanswered, { "no-release": 1, "image-unsupported": 1, "bad-frame": 1, "mailbox-full": 7 });
  assert.equal(frames, answered + 10);
});

test("numbers no frame twice in an epoch, and serves its release again after a restart without the hub", async (t) => {
  const { hub, runtime, open } = await opened(t);
  await runtime.offerBundle(await bundle(first, 1));
  const before = await answers(runtime, 15);
  await runtime.close();
  await hub.drop(true);
  const again = await open();
  t.after(() => again.close());
  assert.equal(again.status().epoch, runtime.status().epoch);
  const after = await answers(again, 15);
  assert.equal(new Set([...before, ...after].map(({ id }) => id)).size, 30);
  assert.equal(after[0]?.release, first.digest);
  await hub.listen();
});

test("records outcomes durably by prediction id and refuses ones that name none", async (t) => {
  const { hub, runtime } = await opened(t);
  await runtime.offerBundle(await bundle(first, 1));
  const [prediction] = await answers(runtime, 1);
  assert.ok(prediction);
  await runtime.reportOutcome(prediction.id, { kind: "false-stop", value: 2 });
  await assert.rejects(runtime.reportOutcome("x", { kind: "picked" }), { code: "bad-outcome" });
  const outcomes = () => hub.lane("control").filter(({ kind }) => kind === "outcome");
  await until(() => outcomes().length === 1, "outcome");
  const body = decodeMessage("outcome", outcomes()[0]?.body ?? new Uint8Array());
  assert.deepEqual([body.prediction, body.outcome, body.value], [prediction.id, "false-stop", 2]);
});

test("lets one runtime at a time work in a data folder", async (t) => {
  const { open } = await opened(t);
  await assert.rejects(open(), { code: "folder-in-use" });
});

function publish(hub: TinyHub, release: TinyRelease): void {
  hub.files.set(`/v1/releases/${release.digest}/manifest`, encodeMessage("signed", release.signed));
  for (const [digest, bytes] of release.blobs) hub.files.set(`/v1/blobs/${digest.slice(7)}`, bytes);
}

test("takes releases over the air, through interrupted downloads, and tells a foreign one as refused", async (t) => {
  const { hub, runtime } = await opened(t);
  await until(() => hub.hellos.length === 1, "hello");
  assert.equal(hub.hellos[0]?.release, null);
  publish(hub, first);
  publish(hub, second);
  hub.sendDesired("reader-1", desire(keys, first.digest, 1));
  await until(() => runtime.status().release === first.digest, "the first release runs");
  hub.cutDownloads = 2;
  hub.sendDesired("reader-1", desire(generateKeyPair(), second.digest, 2));
  hub.sendDesired("reader-1", desire(keys, second.digest, 3));
  await until(() => runtime.status().release === second.digest, "the second release runs");
  assert.equal((await runtime.infer(frame(1))).release, second.digest);
  const events = () =>
    hub.lane("control").flatMap(({ kind, body }) => (kind === "release-event" ? [decodeMessage(kind, body)] : []));
  await until(() => events().some(({ state, number }) => state === "staged" && number === 3), "events told");
  assert.equal(hub.cutDownloads, 0);
  const size = [...second.blobs.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  assert.ok(runtime.status().bytes.down > size, "downloads are counted");
});

test("closes at once while a release is being fetched, and takes it at the next start", async (t) => {
  const { hub, runtime, open } = await opened(t);
  publish(hub, first);
  await until(() => hub.hellos.length === 1, "hello");
  hub.cutDownloads = 1000;
  hub.sendDesired("reader-1", desire(keys, first.digest, 1));
  await until(() => hub.cutDownloads < 999, "fetching");
  const started = performance.now();
  await runtime.close();
  assert.ok(performance.now() - started < 5_000);
  hub.cutDownloads = 0;
  const said = hub.hellos.length;
  const again = await open();
  t.after(() => again.close());
  await until(() => hub.hellos.length > said, "hello");
  hub.sendDesired("reader-1", desire(keys, first.digest, 1));
  await until(() => again.status().release === first.digest, "the release runs");
});
