import type { Journal, JournalRecord } from "@fieldloop/edge-runtime/journal";
import { HubError, type HubErrorCode } from "../errors.ts";
import type { Db, SqlSession } from "../storage/db.ts";
import { type Decision, type DecisionAppliers, decodeDecision } from "./decision.ts";
import type { LaneStep } from "./drain.ts";
import { writeDrainCursor } from "./drain-cursor.ts";

/** What came of a decision: what its applier returned, or why it was refused. */
export type DecisionOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: HubErrorCode; readonly message: string };

/** onApplied: called after the commit, once per record */
export interface DecisionDrainOptions {
  readonly journal: Journal;
  readonly db: Db;
  readonly appliers: DecisionAppliers;
  readonly clock: () => number;
  readonly onApplied: (id: string, outcome: DecisionOutcome) => void;
}

/** Moves decisions into the tables, each once by its id, a batch per transaction. */
export function decisionDrain({ journal, db, appliers, clock, onApplied }: DecisionDrainOptions): LaneStep {
  return async (after) => {
    const records = await journal.read("decisions", { after, limit: 64, maxBytes: 8 * 1024 * 1024 });
    if (records.length === 0) return after;
    const upTo = records.at(-1)!.seq;
    const outcomes = await db.tx(async (session) => {
      const found: [string, DecisionOutcome][] = [];
      for (const record of records) found.push(await applyOnce(session, record, appliers, clock()));
      await writeDrainCursor(session, { lane: "decisions", epoch: journal.epoch, upTo, at: clock() });
      return found;
    });
    for (const [id, outcome] of outcomes) onApplied(id, outcome);
    return upTo;
  };
}

async function applyOnce(
  session: SqlSession,
  record: JournalRecord,
  appliers: DecisionAppliers,
  now: number,
): Promise<[string, DecisionOutcome]> {
  const decision = decodeDecision(record);
  const known = await knownOutcome(session, decision.id);
  if (known !== undefined) return [decision.id, known];
  const outcome = await apply(session, decision, appliers);
  await session.query(
    `insert into decisions_applied (id, kind, inbox_seq, applied_at, result, refusal)
     values ($1, $2, $3, $4, $5::jsonb, $6::jsonb)`,
    [
      decision.id,
      decision.kind,
      record.seq,
      now,
      outcome.ok ? JSON.stringify(outcome.result ?? null) : null,
      outcome.ok ? null : JSON.stringify({ code: outcome.code, message: outcome.message }),
    ],
  );
  return [decision.id, outcome];
}

async function knownOutcome(session: SqlSession, id: string): Promise<DecisionOutcome | undefined> {
  const { rows } = await session.query<{ result: unknown; refusal: { code: HubErrorCode; message: string } | null }>(
    "select result, refusal from decisions_applied where id = $1",
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return row.refusal === null ? { ok: true, result: row.result } : { ok: false, ...row.refusal };
}

/** What an applier refuses, and what the tables refuse, is an answer; a lost database or a full disk is tried again. */
async function apply(session: SqlSession, decision: Decision, appliers: DecisionAppliers): Promise<DecisionOutcome> {
  const applier = appliers[decision.kind];
  if (applier === undefined) throw unknownKind(decision.kind, appliers);
  await session.query("savepoint decision");
  try {
    const result = await applier(session, decision);
    await session.query("release savepoint decision");
    return { ok: true, result };
  } catch (error) {
    if (isPassing(error)) throw error;
    await session.query("rollback to savepoint decision");
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof HubError && error.code !== "sql-failed" ? error.code : "decision-refused";
    return { ok: false, code, message };
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof HubError && ["sql-lost", "sql-closed", "disk-full"].includes(error.code);
}

/** The kinds there are, in a sentence. */
export function unknownKind(kind: string, appliers: DecisionAppliers): HubError {
  const known = Object.keys(appliers).join(", ");
  return new HubError("unknown-decision", `Expected a decision among ${known}, but got "${kind}"; start a newer hub.`);
}
