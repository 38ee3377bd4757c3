import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { type RunningHub, startHub } from "../../hub.ts";
import { tinyTracks } from "../../tiny-world.ts";
import { createHubClient, type HubClient } from "../client/hub-client.ts";
import { type Change, ChangeFeed, changeEveryMs } from "./change-feed.ts";
import { streamsPerPerson } from "./event-streams.ts";

let dir: string;
let hub: RunningHub;
let client: HubClient;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-events-"));
  hub = await startHub({ dataDir: dir, listen: { httpPort: 0, mqttPort: 0 } });
  client = createHubClient({ url: hub.url, token: hub.token });
});
after(async () => {
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

test("changes are gathered: each topic once, at most one change in half a second, nothing lost", async () => {
  const feed = new ChangeFeed(() => 7);
  const heard: Change[] = [];
  feed.changed("runs");
  const unsubscribe = feed.subscribe((change) => void heard.push(change));
  for (let time = 0; time < 1000; time += 1) feed.changed(time % 2 === 0 ? "labels" : "devices");
  await delay(30);
  assert.deepEqual(heard, [{ topics: ["devices", "labels"], at: 7 }]);
  feed.changed("drift");
  feed.changed("drift");
  await delay(changeEveryMs / 2);
  assert.equal(heard.length, 1);
  await delay(changeEveryMs);
  assert.deepEqual(heard.at(-1)?.topics, ["drift"]);
  unsubscribe();
  feed.changed("drift");
  await delay(10);
  assert.equal(heard.length, 2);
  feed.close();
});

type Stream = {
  readonly changes: Change[];
  readonly text: () => string;
  readonly ended: Promise<void>;
  readonly stop: () => void;
};

async function openStream(): Promise<Stream | number> {
  const stop = new AbortController();
  const response = await fetch(new URL("/v1/events", hub.url), { signal: stop.signal });
  if (response.status !== 200) {
    await response.text();
    return response.status;
  }
  let text = "";
  const changes: Change[] = [];
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      changes.splice(0);
      for (const [, data] of text.matchAll(/event: change\ndata: (.*)\n\n/g)) changes.push(JSON.parse(data!) as Change);
    }
  };
  return { changes, text: () => text, ended: read().catch(() => undefined), stop: () => stop.abort() };
}

test("a page that looks on is told what changed, by topic and without the data itself", async () => {
  const stream = (await openStream()) as Stream;
  await client.importSamples(await tinyTracks(2, 1, seededRandom("events")));
  await client.addDevice({ device: "cam-1", profile: "x86-64" });
  await delay(changeEveryMs + 400);
  const topics = new Set(stream.changes.flatMap((change) => change.topics));
  assert.ok(topics.has("samples") && topics.has("devices"), [...topics].join());
  assert.match(stream.text(), /^retry: \d+\n\n/);
  stream.stop();
  await stream.ended;
});

test("one who opens many streams is told to close some, and others get theirs", async () => {
  const streams = await Promise.all(Array.from({ length: streamsPerPerson }, openStream));
  assert.ok(streams.every((each) => typeof each !== "number"));
  assert.equal(await openStream(), 429);
  const response = await fetch(new URL("/v1/events", hub.url), { headers: { authorization: `Bearer ${hub.token}` } });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  for (const each of streams) (each as Stream).stop();
});

test("streams end cleanly when the hub closes, and a new one is told again", async () => {
  await delay(50);
  const stream = (await openStream()) as Stream;
  await hub.close();
  await stream.ended;
  hub = await startHub({ dataDir: dir, listen: { httpPort: 0, mqttPort: 0 } });
  client = createHubClient({ url: hub.url, token: hub.token });
  const again = (await openStream()) as Stream;
  await client.addDevice({ device: "cam-2", profile: "x86-64" });
  await delay(changeEveryMs + 300);
  assert.ok(again.changes.some(({ topics }) => topics.includes("devices")));
  again.stop();
});
