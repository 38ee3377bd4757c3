import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { decodeEnrolmentCode, encodeCbor, encodePublicKey, generateKeyPair } from "@fieldloop/devices";
import { type RunningHub, startHub } from "../hub.ts";
import { tinyImage, tinyTracks } from "../tiny-world.ts";
import { createHubClient, type HubClient } from "./client/hub-client.ts";

let dir: string;
let hub: RunningHub;
let client: HubClient;
let now = 1_750_000_000_000;
const clock = () => (now += 1);
const listen = { httpPort: 0, mqttPort: 0 };

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-hub-"));
  hub = await startHub({ dataDir: dir, listen, fleet: "yard", clock });
  client = createHubClient({ url: hub.url, token: hub.token });
});
after(async () => {
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

const refuses = (promise: Promise<unknown>, code: string, message?: RegExp) =>
  assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
const freshKey = () => encodePublicKey(generateKeyPair().publicKey);

test("answers its health, and describes every route in OpenAPI", async () => {
  const health = await client.health();
  assert.equal(health.fleet, "yard");
  const api = JSON.parse((await raw("GET", "/v1/openapi.json", {})).body) as { paths: Record<string, unknown> };
  for (const path of [
    "/v1/devices",
    "/v1/enrol",
    "/v1/samples",
    "/v1/queue",
    "/v1/releases/{digest}/bundle",
    "/v1/drift",
  ]) {
    assert.ok(path in api.paths, path);
  }
});

test("a second hub on the same data folder is refused in one sentence", async () => {
  await refuses(startHub({ dataDir: dir, listen }), "hub-already-open", /only hub/);
});

test("a busy port is one sentence that says what to do", async () => {
  const other = await mkdtemp(join(tmpdir(), "fieldloop-hub-"));
  const httpPort = Number(new URL(hub.url).port);
  await refuses(startHub({ dataDir: other, listen: { ...listen, httpPort } }), "port-busy", /--port/);
  await rm(other, { recursive: true, force: true });
});

test("writes need the token, another site's page and a rebound name are turned away", async () => {
  const stranger = createHubClient({ url: hub.url });
  await refuses(stranger.addDevice({ device: "cam-9", profile: "x86-64" }), "unauthorized", /Bearer TOKEN/);
  await refuses(createHubClient({ url: hub.url, token: "x" }).devices(), "unauthorized");
  assert.deepEqual(await stranger.devices(), []);
  assert.equal((await raw("GET", "/v1/devices", { host: "evil.example" })).status, 403);
  assert.equal((await raw("GET", "/v1/devices", { origin: "http://evil.example" })).status, 403);
});

test("a code enrols one key: the same key again, no other key, and not after a day", async () => {
  const { code } = await client.addDevice({ device: "cam-1", profile: "x86-64", group: "gate" });
  const { secret } = decodeEnrolmentCode(code);
  const publicKey = freshKey();
  const enrol = (body: object) =>
    raw("POST", "/v1/enrol", { "content-type": "application/json" }, JSON.stringify(body));
  const first = await enrol({ secret, publicKey, profile: "x86-64", inventory: { name: "gate camera" } });
  assert.equal(first.status, 200, first.body);
  const answer = JSON.parse(first.body) as { fleet: string; device: string; credential: string };
  assert.deepEqual([answer.fleet, answer.device], ["yard", "cam-1"]);
  assert.equal((await enrol({ secret, publicKey, profile: "x86-64" })).status, 200);
  const other = await enrol({ secret, publicKey: freshKey(), profile: "x86-64" });
  assert.equal(other.status, 403);
  assert.match(other.body, /used by another key/);
  assert.equal((await client.device("cam-1")).enrolled, true);
  await refuses(client.addDevice({ device: "cam-1", profile: "x86-64" }), "already-there");

  const late = decodeEnrolmentCode((await client.addDevice({ device: "cam-2", profile: "x86-64" })).code).secret;
  const wrong = await enrol({ secret: late, publicKey, profile: "raspberry-pi-5" });
  assert.match(wrong.body, /add it with --profile raspberry-pi-5/);
  now += 25 * 60 * 60 * 1000;
  assert.match((await enrol({ secret: late, publicKey, profile: "x86-64" })).body, /code-expired/);
});

test("two racing keys get one credential between them", async () => {
  const { secret } = decodeEnrolmentCode((await client.addDevice({ device: "cam-3", profile: "x86-64" })).code);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => {
      const body = JSON.stringify({ secret, publicKey: freshKey(), profile: "x86-64" });
      return raw("POST", "/v1/enrol", { "content-type": "application/json" }, body);
    }),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test("imports labelled images once, finds them by pages, and gives their images back", async () => {
  const items = await tinyTracks(6, 3, seededRandom("api"));
  assert.deepEqual(await client.importSamples(items), { imported: 18, skipped: 0 });
  assert.deepEqual(await client.importSamples(items.slice(0, 5)), { imported: 0, skipped: 5 });
  const found: string[] = [];
  for await (const sample of client.allSamples({ split: "val", labelled: true, limit: 2 })) found.push(sample.id);
  assert.equal(new Set(found).size, 6);
  const sample = await client.sample(found[0]!);
  assert.equal(sample.labels.side?.author, "import");
  const image = await client.sampleImage(sample.id);
  assert.ok(items.some((item) => Buffer.compare(Buffer.from(item.image), Buffer.from(image)) === 0));
  await refuses(client.samples({ cursor: "1.x!" }), "bad-cursor");
  await refuses(client.samples({ near: sample.id }), "bad-request", /embedding/);
  await refuses(client.sample("s_none"), "not-found");
});

test("a bad image, a cut message and a foreign message leave nothing behind", async () => {
  const random = seededRandom("bad");
  const good = {
    key: "good",
    image: await tinyImage(1, 1, random),
    labels: { side: "below" },
    split: "train" as const,
  };
  const bad = { ...good, key: "bad", image: new Uint8Array(50) };
  await refuses(client.importSamples([good, bad]), "bad-image", /Cannot import "bad"/);
  assert.equal((await client.samples({ limit: 100 })).samples.length, 18);
  const cbor = { "content-type": "application/cbor", authorization: `Bearer ${hub.token}` };
  const cut = Buffer.from(encodeCbor({ items: [good] })).subarray(0, 30);
  assert.match((await raw("POST", "/v1/samples/import", cbor, cut)).body, /it was cut/);
  assert.match((await raw("POST", "/v1/samples/import", cbor, Buffer.from(encodeCbor([1])))).body, /Expected \{items/);
  const huge = await raw("POST", "/v1/samples/import", cbor, Buffer.alloc(9 * 1024 * 1024));
  assert.equal(huge.status, 413);
});

test("the newest label of a person holds, and an unknown class is refused with the known ones", async () => {
  const [sample] = (await client.samples({ split: "train", limit: 1 })).samples;
  const item = { sample: sample!.id, head: "side", author: "ada", kind: "human" as const };
  await refuses(client.label({ items: [{ ...item, class: "inside" }] }), "unknown-label", /above, below, left, right/);
  await client.label({ items: [{ ...item, class: "left", suggestion: "right" }] });
  await client.label({ items: [{ ...item, class: "above" }] });
  await client.label({ items: [{ ...item, class: "below", kind: "machine", author: "model" }] });
  const { class: name, author, kind } = (await client.sample(sample!.id)).labels.side!;
  assert.deepEqual([name, author, kind], ["above", "ada", "human"]);
  await refuses(client.label({ items: [{ ...item, track: "day-1", class: "left" }] }), "bad-request", /exactly one/);
  await refuses(client.label({ items: [{ ...item, sample: "s_none", class: "left" }] }), "not-found");
});

test("a snapshot freezes its members: the same members hash alike, later labels do not touch it", async () => {
  const parts = [{ role: "old" as const, query: { source: "import" as const } }];
  const first = await client.createSnapshot({ name: "one", parts });
  assert.equal(first.counts.members, 18);
  assert.equal((await client.createSnapshot({ name: "two", parts })).hash, first.hash);
  const [sample] = (await client.samples({ split: "train", limit: 1 })).samples;
  await client.label({ items: [{ sample: sample!.id, head: "side", class: "right", author: "ada", kind: "human" }] });
  assert.notEqual((await client.createSnapshot({ name: "three", parts })).hash, first.hash);
  assert.equal((await client.snapshot(first.id)).hash, first.hash);
  const none = [{ role: "field" as const, query: { device: "cam-1" } }];
  await refuses(client.createSnapshot({ name: "none", parts: none }), "empty-snapshot");
});

test("a run with a recipe that cannot be is refused before it is queued", async () => {
  const { id } = await client.createSnapshot({ name: "r", parts: [{ role: "old", query: {} }] });
  await refuses(
    client.startRun({ model: "signs", snapshot: id, recipe: { heads: [] }, seed: 0 }),
    "bad-recipe",
    /heads/,
  );
  await refuses(client.startRun({ model: "signs", snapshot: "n_none", recipe: {}, seed: 0 }), "not-found");
});

test("a folder of another fleet is refused", async () => {
  await hub.close();
  await refuses(startHub({ dataDir: dir, listen, fleet: "other" }), "bad-data-folder", /holds fleet yard/);
  hub = await startHub({ dataDir: dir, listen, clock });
  client = createHubClient({ url: hub.url, token: hub.token });
  assert.equal((await client.samples({ limit: 100 })).samples.length, 18);
  assert.equal((await client.devices()).length, 3);
});

test("off loopback reads need the token too, and the certificate is pinned by its fingerprint", async () => {
  const far = await mkdtemp(join(tmpdir(), "fieldloop-far-"));
  const remote = await startHub({ dataDir: far, listen: { ...listen, address: "127.0.0.2" } });
  const { url, fingerprint, token } = remote;
  assert.match(url, /^https:/);
  assert.match(remote.mqttUrl, /^mqtts:/);
  await refuses(createHubClient({ url, fingerprint }).devices(), "unauthorized");
  assert.deepEqual(await createHubClient({ url, fingerprint, token }).devices(), []);
  await refuses(createHubClient({ url, fingerprint: "0".repeat(64), token }).devices(), "unreachable", /pinned/);
  const added = await createHubClient({ url, fingerprint, token }).addDevice({ device: "cam-1", profile: "x86-64" });
  assert.deepEqual(
    [decodeEnrolmentCode(added.code).url, decodeEnrolmentCode(added.code).fingerprint],
    [url, fingerprint],
  );
  await remote.close();
  await rm(far, { recursive: true, force: true });
});

function raw(method: string, path: string, headers: Record<string, string>, body?: string | Buffer) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request(new URL(path, hub.url), { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.on("error", reject);
    call.end(body);
  });
}
