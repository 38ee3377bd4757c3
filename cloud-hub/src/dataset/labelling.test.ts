import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { decisionAppliers } from "../decision-list.ts";
import { createHubClient, type HubClient } from "../http/client/hub-client.ts";
import { type RunningHub, startHub } from "../hub.ts";
import { sampleId } from "../ingest/record-rows.ts";
import { TinyDevice, tinySample } from "../ingest/tiny-device.ts";
import { openHubStore } from "../storage/hub-store.ts";
import { tinyTracks } from "../tiny-world.ts";
import { ClaimBook, claimMs } from "./claims.ts";

const fleet = "yard";
const device = new TinyDevice("cam-1", "00000000000000e1", fleet);
const idOf = (seq: number) => sampleId({ device: device.device, epoch: device.epoch, lane: "samples" }, seq);
let dir: string;
let hub: RunningHub;
let admin: HubClient;
let ada: HubClient;
let ben: HubClient;
let now = 1_760_000_000_000;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-labelling-"));
  const store = await openHubStore({ dataDir: dir, appliers: decisionAppliers(fleet) });
  const records = Array.from({ length: 40 }, (_, index) =>
    tinySample(index + 1, { track: index < 20 ? `t-${Math.floor(index / 4)}` : `s-${index}` }),
  );
  await store.store(device.arrivalOf("samples", records));
  await store.idle();
  await store.close();
  hub = await startHub({ dataDir: dir, fleet, listen: { httpPort: 0, mqttPort: 0 }, clock: () => (now += 1) });
  admin = createHubClient({ url: hub.url, token: hub.token });
  await admin.importSamples(await tinyTracks(4, 2, seededRandom("labelling")));
  const person = async (name: string) =>
    createHubClient({ url: hub.url, token: (await admin.addPerson({ name, role: "labeller" })).token });
  [ada, ben] = [await person("Ada"), await person("Ben")];
});
after(async () => {
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

const refuses = (promise: Promise<unknown>, code: string, message: RegExp) =>
  assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
const side = { head: "side" } as const;

test("an answer's author is who is signed in, whatever the request says; an admin may write for another", async () => {
  const sample = idOf(40);
  await ada.label({ items: [{ ...side, sample, class: "left", author: "Ben" }] });
  assert.equal((await ada.sample(sample)).labels.side?.author, "Ada");
  await admin.label({ items: [{ ...side, sample, class: "left", author: "Carla" }] });
  assert.equal((await ada.sample(sample)).labels.side?.author, "Carla");
  await admin.label({ items: [{ ...side, sample, class: "left" }] });
  assert.equal((await ada.sample(sample)).labels.side?.author, "admin");
});

test("an answer that crosses another one is told who answered, and is recorded when forced", async () => {
  const sample = idOf(39);
  const answer = { ...side, sample, expect: null };
  const first = await ada.label({ items: [{ ...answer, class: "left" }] });
  const crossing = { items: [{ ...answer, class: "right" }] };
  await refuses(ben.label(crossing), "label-conflict", /Ada answered "left" at 20.*send force/);
  assert.equal((await ben.sample(sample)).labels.side?.class, "left");
  await ben.label({ items: [{ ...answer, class: "right", expect: first.labels[0]! }] });
  await refuses(ada.label({ items: [{ ...answer, class: "left" }] }), "label-conflict", /Ben answered "right"/);
  await ada.label({ items: [{ ...answer, class: "left" }], force: true });
  assert.equal((await ben.sample(sample)).labels.side?.class, "left");
  const history = await ben.labelHistory(sample);
  assert.deepEqual(
    history.map(({ author, class: name, holds }) => [author, name, holds]),
    [
      ["Ada", "left", true],
      ["Ben", "right", false],
      ["Ada", "left", false],
    ],
  );
});

test("a whole track is answered at once, and a frame's own answer and the track's cross each other", async () => {
  const answer = await ada.label({ items: [{ ...side, track: "t-0", class: "above", expect: null }] });
  assert.equal(answer.samples, 4);
  for (const seq of [1, 2, 3, 4]) assert.equal((await ada.sample(idOf(seq))).labels.side?.class, "above");
  const frame = { ...side, sample: idOf(2), class: "below" };
  await refuses(ben.label({ items: [{ ...frame, expect: null }] }), "label-conflict", /Ada answered "above"/);
  await ben.label({ items: [frame] });
  const found = await ada.samples({ track: "t-0", labelClass: "above" });
  assert.deepEqual(new Set(found.samples.map(({ id }) => id)), new Set([idOf(1), idOf(3), idOf(4)]));
});

test("undo restores what was said before, or that nobody had said anything, and only takes back what holds", async () => {
  const sample = idOf(38);
  const one = await ada.label({ items: [{ ...side, sample, class: "left" }] });
  const two = await ada.label({ items: [{ ...side, sample, class: "right" }] });
  await refuses(ada.undoLabels(one.labels), "label-conflict", /Ada answered "right"/);
  await refuses(ben.undoLabels(two.labels), "forbidden", /Ada gave this one/);
  const undone = await ada.undoLabels(two.labels);
  assert.equal((await ada.sample(sample)).labels.side?.class, "left");
  await ada.undoLabels(undone.labels);
  assert.equal((await ada.sample(sample)).labels.side?.class, "right");
  const fresh = await ada.label({ items: [{ ...side, sample: idOf(37), class: "left" }] });
  await ada.undoLabels(fresh.labels);
  assert.deepEqual((await ada.sample(idOf(37))).labels, {});
  assert.ok((await ada.samples({ labelled: false, limit: 100 })).samples.some(({ id }) => id === idOf(37)));
  const [row] = await ada.labelHistory(idOf(37));
  assert.deepEqual([row?.state, row?.undoes], ["withdrawn", fresh.labels[0]]);
  await ada.label({ items: [{ ...side, sample: idOf(37), class: "left", expect: null }] });
});

test("unsure is an answer of its own: found by a filter, no class, never trained on or offered again", async () => {
  const sample = idOf(36);
  await ada.label({ items: [{ ...side, sample, unsure: true }] });
  const [found] = (await ada.samples({ unsure: true })).samples;
  assert.deepEqual([found?.id, found?.labels, found?.unsure.side?.author], [sample, {}, "Ada"]);
  const { heads } = await ada.labelHeads();
  assert.ok(heads.every(({ classes }) => !classes.includes("")));
  const claimed = await ben.claim({ kind: "labelling", limit: 100 });
  assert.ok(claimed.items.every(({ samples }) => !samples.includes(sample)));
  await ben.releaseClaims(claimed.items.map(({ key }) => key));
  const body = { ...side, sample, class: "left", unsure: true as const };
  await refuses(ada.label({ items: [body] }), "bad-request", /either a class or unsure/);
});

test("two people at one queue never get the same question, until a claim ends or is given back", async () => {
  const [first, second] = await Promise.all([
    ada.claim({ kind: "labelling", limit: 4 }),
    ben.claim({ kind: "labelling", limit: 4 }),
  ]);
  const keys = new Set([...first.items, ...second.items].map(({ key }) => key));
  assert.equal(keys.size, 8);
  assert.ok(first.items.every(({ why }) => why.length > 10));
  const again = await ada.claim({ kind: "labelling", limit: 4 });
  assert.deepEqual(again.items.map(({ key }) => key).sort(), first.items.map(({ key }) => key).sort());
  const more = await ada.claim({ kind: "labelling", limit: 2, exclude: first.items.map(({ key }) => key) });
  assert.ok(more.items.every(({ key }) => !keys.has(key)));

  const mine = first.items[0]!;
  assert.deepEqual((await ben.renewClaims([mine.key])).lost, [{ key: mine.key, by: "Ada" }]);
  assert.deepEqual((await ada.renewClaims([mine.key])).lost, []);
  await ada.releaseClaims([mine.key], true);
  const others = await ben.claim({ kind: "labelling", limit: 100 });
  assert.ok(others.items.some(({ key }) => key === mine.key));
  await ben.releaseClaims(others.items.map(({ key }) => key));
  const rest = await ada.claim({ kind: "labelling", limit: 100 });
  assert.ok(
    rest.items.every(({ key }) => key !== mine.key),
    "a skipped question is not offered again",
  );
  await ada.releaseClaims(rest.items.map(({ key }) => key));
});

test("an answered question leaves the queue at once", async () => {
  const { items } = await ada.claim({ kind: "labelling", limit: 1 });
  const [item] = items;
  await ada.label({
    items: [
      { ...side, ...(item!.track === null ? { sample: item!.samples[0] } : { track: item!.track }), class: "left" },
    ],
  });
  const next = await ada.claim({ kind: "labelling", limit: 100 });
  assert.ok(next.items.every(({ key }) => key !== item!.key));
});

test("a claim ends by itself, and one that ended can still be renewed when nobody took it", () => {
  const book = new ClaimBook();
  assert.ok(book.take("a", "ada", "Ada", 0));
  assert.ok(!book.take("a", "ben", "Ben", claimMs - 1));
  assert.equal(book.renew("a", "ada", "Ada", claimMs + 1), undefined);
  assert.ok(book.take("a", "ben", "Ben", 3 * claimMs));
  assert.deepEqual(book.renew("a", "ada", "Ada", 3 * claimMs + 1), { by: "Ben" });
});

test("a deleted sample is gone with one sentence for whoever comes to it, and its labels stay as history", async () => {
  const sample = idOf(35);
  await ada.label({ items: [{ ...side, sample, class: "left" }] });
  await refuses(ada.deleteSample(sample), "forbidden", /operator/);
  const deleted = await admin.deleteSample(sample, "a face");
  assert.match(deleted.sentence, /its labels are kept as history, its image goes/);
  await refuses(
    ada.label({ items: [{ ...side, sample, class: "left" }] }),
    "sample-deleted",
    /admin deleted s_.*leave it out/,
  );
  await refuses(ada.sample(sample), "sample-deleted", /admin deleted/);
  await refuses(admin.deleteSample(sample), "sample-deleted", /admin deleted/);
  assert.equal((await ada.labelHistory(sample)).length, 1);
  assert.ok((await ada.samples({ limit: 1000 })).samples.every(({ id }) => id !== sample));
});

test("answers, claims' outcome and deletions are the same after the database was lost", async () => {
  const before = await ada.samples({ limit: 1000 });
  const history = await ada.labelHistory(idOf(39));
  const overview = await ada.overview();
  await hub.close();
  await rm(join(dir, "sql"), { recursive: true });
  hub = await startHub({ dataDir: dir, fleet, listen: { httpPort: 0, mqttPort: 0 }, clock: () => (now += 1) });
  assert.deepEqual(await ada.samples({ limit: 1000 }), before);
  assert.deepEqual(await ada.labelHistory(idOf(39)), history);
  const again = await ada.overview();
  assert.deepEqual([again.samples, again.labels], [overview.samples, overview.labels]);
  await refuses(ada.sample(idOf(35)), "sample-deleted", /admin deleted/);
});
