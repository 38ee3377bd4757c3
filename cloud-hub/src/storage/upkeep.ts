import type { Db } from "./db.ts";

const digestsKept = 100_000;

/** Frees what updates and deletions left behind, for PGlite has no autovacuum, and forgets digests far below the cursors. */
export async function tidy(db: Db): Promise<void> {
  await db.query(
    `delete from records r using cursors c
     where (r.fleet, r.device, r.epoch, r.lane) = (c.fleet, c.device, c.epoch, c.lane) and r.seq <= c.up_to - $1`,
    [digestsKept],
  );
  await db.query("vacuum (analyze)");
}
