import { randomUUID } from "node:crypto";
import type { Hub } from "../hub-parts.ts";

/** Keeps what was asked and what came of it, so that a figure can be laid beside a later one. */
export async function recordEvaluation(
  hub: Hub,
  versions: readonly string[],
  query: object,
  figures: object,
): Promise<void> {
  const id = `e_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  await hub.rows(
    `insert into evaluations (fleet, id, versions, query, figures, created_at)
     values ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6)`,
    [hub.fleet, id, JSON.stringify(versions), JSON.stringify(query), JSON.stringify(figures), hub.clock()],
  );
}
