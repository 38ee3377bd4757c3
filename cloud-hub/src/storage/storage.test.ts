import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Db } from "./db.ts";
import { sharedWords } from "./durable-fs.ts";
import { copyTree } from "./durable-tree.ts";
import { lockFolder } from "./folder-lock.ts";
import { readMigrations } from "./migrations.ts";
import { openDb } from "./open-db.ts";
import { PgliteDb } from "./pglite-db.ts";
import { preparedTemplate } from "./template.ts";
import { parseVector, vectorText } from "./vector-text.ts";
import { newCounts, sqlStateOf } from "./worker-link.ts";

const dir = mkdtempSync(join(tmpdir(), "fieldloop-sql-"));
const counts = newCounts();
let db: PgliteDb;

before(async () => {
  await copyTree(await preparedTemplate(readMigrations()), join(dir, "sql"));
  db = await PgliteDb.open({ dir: join(dir, "sql"), counts });
  await db.query("create table notes (id integer primary key, body text)");
});
after(async () => {
  await db.close();
  rmSync(dir, { recursive: true, force: true });
});

test("syncs exactly once per commit, however many statements it holds", async () => {
  const synced = db.counts().syncs;
  await db.query("insert into notes values (1, 'one')");
  assert.equal(db.counts().syncs - synced, 1);
  await db.tx(async (session) => {
    await session.query("insert into notes values (2, 'two')");
    await session.query("insert into notes values (3, 'three')");
  });
  assert.equal(db.counts().syncs - synced, 2);
});

test("rolls a transaction back when its work rejects", async () => {
  const work = db.tx(async (session) => {
    await session.query("insert into notes values (10, 'gone')");
    throw new TypeError("on purpose");
  });
  await assert.rejects(work, TypeError);
  assert.deepEqual((await db.query("select id from notes where id = 10")).rows, []);
});

test("answers a wrong statement with its SQLSTATE and goes on", async () => {
  const wrong = await db.query("insert into notes values (1, 'again')").catch((error: unknown) => error);
  assert.equal((wrong as { code: string }).code, "sql-failed");
  assert.equal(sqlStateOf(wrong), "23505");
  assert.equal((await db.query("select id from notes where id = 1")).rows.length, 1);
  assert.equal(db.counts().reopened, 0);
});

test("refuses a query that would wait for its own transaction", async () => {
  await assert.rejects(
    db.tx(() => db.query("select 1")),
    { code: "sql-failed" },
  );
});

test("gives int8 as numbers, bytea as bytes, jsonb parsed and vectors as text", async () => {
  const { rows } = await db.query<{ n: number; b: Uint8Array; j: unknown; v: string }>(
    "select $1::int8 as n, $2::bytea as b, $3::jsonb as j, $4::vector as v, 1::int4",
    [2 ** 40, Uint8Array.of(0, 255), JSON.stringify({ a: [1] }), vectorText([0.5, -1])],
  );
  assert.equal(rows[0]!.n, 2 ** 40);
  assert.deepEqual([...rows[0]!.b], [0, 255]);
  assert.deepEqual(rows[0]!.j, { a: [1] });
  assert.deepEqual([...parseVector(rows[0]!.v)], [0.5, -1]);
});

test("orders samples by exact cosine distance of embeddings of any size", async () => {
  await db.query("create table points (id text, embedding vector)");
  await db.query("insert into points values ('x', '[1,0,0]'), ('y', '[0,1,0]'), ('short', '[1,1]')");
  const { rows } = await db.query<{ id: string }>(
    "select id from points where vector_dims(embedding) = 3 order by embedding <=> $1::vector",
    [vectorText([0.2, 0.9, 0])],
  );
  assert.deepEqual(
    rows.map(({ id }) => id),
    ["y", "x"],
  );
});

test("copies rows out and in again", async () => {
  const bytes = await db.copyOut("select id, body from notes where id <= 3 order by id");
  await db.query("create table twin (id integer, body text)");
  await db.copyIn("twin", ["id", "body"], bytes);
  assert.deepEqual((await db.query("select * from twin order by id")).rows.length, 3);
});

test("replaces a file by rename without ever removing it first", async () => {
  const renamed = Atomics.load(counts, sharedWords.renames);
  await db.query("alter system set work_mem = '5MB'");
  assert.ok(Atomics.load(counts, sharedWords.renames) > renamed);
  assert.ok(existsSync(join(dir, "sql", "postgresql.auto.conf")));
  assert.deepEqual(
    readdirSync(join(dir, "sql")).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("rejects a commit whose sync fails, and is there again with all that was acknowledged", async () => {
  Atomics.store(counts, sharedWords.failSyncs, 1);
  await assert.rejects(db.query("insert into notes values (20, 'lost')"), { code: "sql-lost" });
  Atomics.store(counts, sharedWords.failSyncs, 0);
  const { rows } = await db.query<{ id: number }>("select id from notes where id <= 3 order by id");
  assert.deepEqual(
    rows.map(({ id }) => id),
    [1, 2, 3],
  );
  assert.equal(db.counts().reopened, 1);
});

test("keeps what was acknowledged when the thread is killed inside a transaction", async () => {
  const work = db.tx(async (session) => {
    await session.query("insert into notes values (30, 'open')");
    await db.kill();
    await session.query("insert into notes values (31, 'late')");
  });
  await assert.rejects(work, { code: "sql-lost" });
  assert.deepEqual((await db.query("select id from notes where id >= 30")).rows, []);
});

test("gives up a statement that takes too long and goes on", async () => {
  const path = join(dir, "slow");
  await copyTree(await preparedTemplate(readMigrations()), path);
  const slow = await PgliteDb.open({ dir: path, limitMs: 8_000 });
  await assert.rejects(slow.query("select count(*) from generate_series(1, 1000000000000)"), { code: "sql-lost" });
  assert.equal((await slow.query<{ one: number }>("select 1 as one")).rows[0]!.one, 1);
  await slow.close();
});

test("refuses a second process on the same folder, and takes over the lock of one that ended", async () => {
  const path = join(dir, "hub.lock");
  const held = await lockFolder(path);
  const other = spawnSync(
    process.execPath,
    [
      "--conditions=fieldloop",
      "--input-type=module",
      "-e",
      `
      import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href)};
      await lockFolder(${JSON.stringify(path)}).then(() => process.exit(0), (error) => { console.log(error.code); process.exit(3); });
    `,
    ],
    { encoding: "utf8" },
  );
  assert.equal(other.status, 3, other.stderr);
  assert.equal(other.stdout.trim(), "hub-already-open");
  await held.release();
  writeFileSync(path, "999999999 12345\n");
  await (await lockFolder(path)).release();
  assert.equal(existsSync(path), false);
});

test("makes, proves, locks, closes and reopens the hub's database", async () => {
  const path = join(dir, "hub", "sql");
  let opened: Db = await openDb(path);
  await opened.query("insert into drain_cursors values ('ingest', 'e', 7, 0)");
  await assert.rejects(openDb(path), { code: "hub-already-open" });
  await opened.close();
  opened = await openDb(path);
  const { rows } = await opened.query<{ up_to: number }>("select up_to from drain_cursors");
  assert.equal(rows[0]!.up_to, 7);
  await opened.query("update schema_migrations set digest = 'other' where number = 1");
  await opened.close();
  await assert.rejects(openDb(path), { code: "bad-migration" });
});
