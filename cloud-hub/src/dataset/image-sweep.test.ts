import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decisionAppliers } from "../decision-list.ts";
import type { Hub } from "../hub-parts.ts";
import { type HubStore, openHubStore } from "../storage/hub-store.ts";
import { hiddenForMs, sweepImages } from "./image-sweep.ts";

const fleet = "yard";
let dir: string;
let store: HubStore;
let now = 1_760_000_000_000;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-sweep-"));
  store = await openHubStore({ dataDir: dir, appliers: decisionAppliers(fleet), clock: () => now });
});
after(async () => {
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

const sweep = () => {
  const rows: Hub["rows"] = async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never;
  return sweepImages({ fleet, rows, clock: () => now }, store.blobs);
};
const image = (text: string) => store.blobs.put(Buffer.from(text));

async function importOne(id: string, blob: string): Promise<void> {
  const sample = { id, at: 1, blob, width: 1, height: 1, encoding: "png", track: null, split: "train", context: {} };
  const samples = [{ ...sample, labels: { side: "left" } }];
  await store.decide("import", `import ${id}`, { samples, importedAt: now });
}

const remove = (id: string, blob: string) =>
  store.decide("sample-deleted", `sample-deleted ${id}`, { id, blob, by: "ada", reason: null, at: now });

test("the image of a deleted sample is hidden at once and gone minutes later", async () => {
  const blob = await image("lonely");
  await importOne("s_1", blob);
  await remove("s_1", blob);
  await sweep();
  assert.equal(await store.blobs.has(blob), false);
  now += hiddenForMs + 1;
  await sweep();
  await store.blobs.unhide(blob);
  assert.equal(await store.blobs.has(blob), false);
});

test("an image that another sample names stays, also one that came while it was hidden", async () => {
  const shared = await image("shared");
  await importOne("s_2", shared);
  await importOne("s_3", shared);
  await remove("s_2", shared);
  await sweep();
  assert.equal(await store.blobs.has(shared), true);

  const late = await image("late");
  await importOne("s_4", late);
  await remove("s_4", late);
  await sweep();
  assert.equal(await store.blobs.has(late), false);
  await importOne("s_5", late); // its bytes were stored before the image was hidden
  now += hiddenForMs + 1;
  await sweep();
  assert.equal(await store.blobs.has(late), true);
  assert.equal(Buffer.from(await store.blobs.get(late)).toString(), "late");
});

test("a deleted sample that is imported again stays deleted", async () => {
  const samples = { id: "s_1", at: 1, blob: await image("lonely"), width: 1, height: 1, encoding: "png" };
  const imported = [{ ...samples, track: null, split: "train", context: {}, labels: {} }];
  await store.decide("import", "import s_1 again", { samples: imported, importedAt: now });
  const { rows } = await store.db.query("select id from samples where fleet = $1 and id = 's_1'", [fleet]);
  assert.deepEqual(rows, []);
});
