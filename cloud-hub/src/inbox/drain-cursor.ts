import type { SqlSession } from "../storage/db.ts";

/** How far a lane of this inbox was moved into the tables; 0 when the tables know another inbox or none. */
export async function readDrainCursor(session: SqlSession, lane: string, epoch: string): Promise<number> {
  const { rows } = await session.query<{ up_to: number }>(
    "select up_to from drain_cursors where lane = $1 and epoch = $2",
    [lane, epoch],
  );
  return rows[0]?.up_to ?? 0;
}

/** Moves a lane's cursor on, in the transaction that wrote what lies below it. */
export async function writeDrainCursor(
  session: SqlSession,
  { lane, epoch, upTo, at }: { lane: string; epoch: string; upTo: number; at: number },
): Promise<void> {
  await session.query(
    `insert into drain_cursors (lane, epoch, up_to, updated_at) values ($1, $2, $3, $4)
     on conflict (lane) do update set epoch = excluded.epoch, up_to = excluded.up_to, updated_at = excluded.updated_at`,
    [lane, epoch, upTo, at],
  );
}
