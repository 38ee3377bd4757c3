import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import type { Hub } from "../hub-parts.ts";
import { type HubStore, openHubStore } from "../storage/hub-store.ts";
import { nearestFirst } from "./similar.ts";
import { keepVectorIndexes, vectorIndexOf } from "./vector-index.ts";

const random = seededRandom("similar");
const digest = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const [large, small] = [digest("large"), digest("small")];
const looks = Array.from({ length: 12 }, () => Array.from({ length: 8 }, () => random() - 0.5));
let dataDir: string;
let store: HubStore;
let count = 0;
const vectors = new Map<string, readonly number[]>();

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "fieldloop-similar-"));
  store = await openHubStore({ dataDir, appliers: {} });
  await addSamples(large, 600);
  await addSamples(small, 60);
});
after(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** What searching needs of a hub. */
function hubOn(): Hub {
  const rows: Hub["rows"] = async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never;
  const rowsWith: Hub["rowsWith"] = (settings, sql, parameters) =>
    store.db.tx(async (session) => {
      for (const [name, value] of Object.entries(settings)) {
        await session.query("select set_config($1, $2, true)", [name, value]);
      }
      return (await session.query(sql, parameters)).rows as never;
    });
  return { fleet: "yard", rows, rowsWith } as Hub;
}

async function addSamples(space: string, amount: number): Promise<void> {
  const rows = Array.from({ length: amount }, () => {
    count += 1;
    const vector = looks[count % looks.length]!.map((value) => value + 0.15 * (random() - 0.5));
    const id = `s_${String(count).padStart(20, "0")}`;
    if (space === large) vectors.set(id, vector);
    return { id, at: count, space, device: `cam-${count % 3}`, embedding: `[${vector.join(",")}]` };
  });
  await store.db.query(
    `insert into samples (fleet, id, source, device, epoch, lane, seq, at, received_at, release, blob, width, height, encoding,
       embedding, space)
     select 'yard', id, 'device', device, id, 'samples', 1, at, at, space, 'sha256:00', 8, 8, 'png', embedding::vector, space
     from jsonb_to_recordset($1::jsonb) as x(id text, at bigint, space text, device text, embedding text)`,
    [JSON.stringify(rows)],
  );
}

/** The obvious way, by cosine. */
function slowNearest(id: string, amount: number): string[] {
  const anchor = vectors.get(id)!;
  const norm = (vector: readonly number[]) => Math.hypot(...vector);
  const likeness = (vector: readonly number[]) =>
    vector.reduce((sum, value, index) => sum + value * anchor[index]!, 0) / (norm(vector) * norm(anchor));
  return [...vectors]
    .map(([each, vector]) => ({ each, likeness: likeness(vector) }))
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, amount)
    .map(({ each }) => each);
}

const anchors = () => [...vectors.keys()].filter((_, index) => index % 50 === 0);

test("without an index a search is exact and stays within the space of its backbone", async () => {
  const hub = hubOn();
  for (const id of anchors()) {
    const found = await nearestFirst(hub, { to: id, limit: 10 });
    assert.deepEqual(new Set(found.map((sample) => sample.id)), new Set(slowNearest(id, 10)));
    assert.equal(found[0]?.id, id);
  }
  await assert.rejects(nearestFirst(hub, { to: "s_none" }), { code: "not-found" });
});

test("a space that has grown gets an index, which finds nearly all; what few samples pass a filter is compared", async () => {
  const hub = hubOn();
  assert.deepEqual(await keepVectorIndexes(hub, 500), [large]);
  assert.deepEqual(await keepVectorIndexes(hub, 500), []);
  assert.ok(vectorIndexOf(hub, large) !== undefined && vectorIndexOf(hub, small) === undefined);
  let found = 0;
  for (const id of anchors()) {
    const near = new Set((await nearestFirst(hub, { to: id, limit: 10 })).map((sample) => sample.id));
    found += slowNearest(id, 10).filter((each) => near.has(each)).length;
  }
  // 10 of 50 lists over 12 looks: a look lies in few lists
  assert.ok(found / (10 * anchors().length) > 0.9, `recall ${found / (10 * anchors().length)}`);
  const [id] = anchors();
  const filtered = await nearestFirst(hub, { to: id!, limit: 5, device: "cam-1" });
  assert.ok(filtered.length === 5 && filtered.every(({ device }) => device === "cam-1"));
  const few = await nearestFirst(hub, { to: id!, limit: 10, from: 580, before: 600 });
  const slow = slowNearest(id!, 600).filter((each) => Number(each.slice(2)) >= 580 && Number(each.slice(2)) < 600);
  assert.deepEqual(new Set(few.map((sample) => sample.id)), new Set(slow.slice(0, 10)));
});

test("an index is found again by the next start, and made anew once its rows have doubled", async () => {
  const hub = hubOn();
  assert.deepEqual(await keepVectorIndexes(hub, 500), []);
  assert.equal(vectorIndexOf(hub, large)?.rows, 600);
  await addSamples(large, 600);
  assert.deepEqual(await keepVectorIndexes(hub, 500), [large]);
  assert.equal(vectorIndexOf(hub, large)?.rows, 1200);
  const [id] = anchors();
  assert.equal((await nearestFirst(hub, { to: id!, limit: 3 }))[0]?.id, id);
});
