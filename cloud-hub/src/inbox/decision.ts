import { decodeCbor, encodeCbor } from "@fieldloop/devices";
import type { SqlSession } from "../storage/db.ts";

/** What a person or the hub decided, as it was made durable. at: ms since 1970 when it was decided */
export interface Decision {
  readonly id: string;
  readonly kind: string;
  readonly at: number;
  readonly payload: unknown;
}

/**
 * Writes one kind of decision into the tables, inside the transaction that marks it applied. It must draw on nothing but the
 * decision and the tables (no clock, no chance), for it may be replayed after a restore. What it returns (as JSON) is what
 * `decide` resolves with; throwing a HubError refuses the decision for good.
 */
export type DecisionApplier = (session: SqlSession, decision: Decision) => Promise<unknown>;

/** One applier per kind of decision. */
export type DecisionAppliers = Readonly<Record<string, DecisionApplier>>;

/** A decision as the bytes of its inbox record. */
export function encodeDecision({ id, payload }: Decision): Uint8Array {
  return encodeCbor({ v: 1, id, payload });
}

/** The decision of an inbox record. */
export function decodeDecision(record: { kind: string; at: number; payload: Uint8Array }): Decision {
  const { id, payload } = decodeCbor(record.payload) as { id: string; payload: unknown }; // written by encodeDecision
  return { id, kind: record.kind, at: record.at, payload };
}
