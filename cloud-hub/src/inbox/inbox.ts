import { type Journal, type JournalFs, openJournal } from "@fieldloop/edge-runtime/journal";
import { HubError } from "../errors.ts";
import { type Arrival, encodeArrival } from "./arrival.ts";
import { type Decision, encodeDecision } from "./decision.ts";

/** The inbox's lanes in the order in which they are drained: people wait for decisions. */
export const inboxLanes = ["decisions", "ingest"] as const;
export type InboxLane = (typeof inboxLanes)[number];

/** segmentBytes: default 8 MiB · fs: so that a test can make a call fail */
export interface InboxOptions {
  readonly dir: string;
  readonly segmentBytes?: number;
  readonly fs?: JournalFs;
  readonly clock?: () => number;
}

/** What the hub has been told and has decided, durable before anyone is answered; only a verified dump releases it. */
export interface Inbox {
  readonly journal: Journal;
  /** Resolves once the arrival is on the disk. @throws {HubError} `inbox-full` */
  store(arrival: Arrival): Promise<void>;
  /** Resolves once the decision is on the disk. @throws {HubError} `inbox-full` */
  note(decision: Decision): Promise<void>;
  close(): Promise<void>;
}

/** Opens the inbox of a data folder, or makes it. @throws {JournalError} `already-open`, `unreadable`, `disk-full` */
export async function openInbox({ dir, segmentBytes, fs, clock }: InboxOptions): Promise<Inbox> {
  const lanes = { decisions: { sync: "each" }, ingest: { sync: "each" } } as const;
  const journal = await openJournal({ dir, lanes, segmentBytes, fs, clock });
  const append = async (lane: InboxLane, record: { kind: string; at: number; payload: Uint8Array }) => {
    try {
      await journal.append(lane, { ...record, priority: 0 });
    } catch (cause) {
      throw new HubError("inbox-full", `Expected the inbox to store a record, but: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    journal,
    store: (arrival) =>
      append("ingest", { kind: arrival.channel, at: arrival.receivedAt, payload: encodeArrival(arrival) }),
    note: (decision) =>
      append("decisions", { kind: decision.kind, at: decision.at, payload: encodeDecision(decision) }),
    close: () => journal.close(),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
