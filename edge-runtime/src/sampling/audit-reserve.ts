import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeMessage, encodeMessage } from "@fieldloop/devices";
import { writePrivate } from "../identity/identity.ts";
import type { Journal } from "../journal/index.ts";
import { type AuditLane, isAboveThreshold } from "./audit-lane.ts";
import type { LaneRecord, LaneWriter } from "./lane-writer.ts";

const fileName = "audit.json";
const mostHalvings = 30;
/** Why an audit record is not kept although it was chosen: it lies above the rate that holds now. */
const halved = "audit-halved";

/**
 * Keeps the audit lane within its disk reserve without losing its inclusion probability: when it is full, the rate is
 * halved, waiting records above the new threshold are evicted by the same hash, and a control record says so; once the
 * lane is empty again the release's rate is taken up again, told the same way.
 */
export class AuditReserve {
  readonly #journal: Journal;
  readonly #dir: string;
  readonly #clock: () => number;
  readonly #onTheWay = new Set<number>();
  #halving: Promise<void> | undefined;
  #halvings: number;

  private constructor(journal: Journal, dir: string, clock: () => number, halvings: number) {
    this.#journal = journal;
    this.#dir = dir;
    this.#clock = clock;
    this.#halvings = halvings;
  }

  /** Opens the reserve with the number of halvings that a data folder remembers. */
  static async open(journal: Journal, dir: string, clock: () => number): Promise<AuditReserve> {
    return new AuditReserve(journal, dir, clock, await readHalvings(dir));
  }

  /** How often the rate is halved now. */
  get halvings(): number {
    return this.#halvings;
  }

  /** Does the work by which a chosen frame becomes a record; a halving meanwhile holds for that frame too. */
  async keep(frame: number, work: () => Promise<void>): Promise<void> {
    this.#onTheWay.add(frame);
    try {
      await work();
    } finally {
      this.#onTheWay.delete(frame);
    }
  }

  /** Stores a chosen record, halving the rate as often as the reserve asks for it. */
  async write(writer: LaneWriter, audit: AuditLane, record: LaneRecord): Promise<void> {
    const isStored = await writer.write(record, () => this.#makeRoom(audit, record));
    // A halving may have swept the lane while this record was on its way.
    if (isStored && isAboveThreshold(record.priority, this.#halvings)) await this.#sweep();
  }

  /** Takes the full rate up again from `nextFrame` on when nothing of the lane waits any more. */
  recover(audit: AuditLane, nextFrame: number): void {
    if (this.#halvings === 0 || this.#halving !== undefined) return;
    if (this.#journal.stats().lanes.audit?.waiting !== 0) return;
    this.#halving = this.#set(audit, 0, nextFrame).finally(() => (this.#halving = undefined));
    this.#halving.catch(() => undefined);
  }

  async #makeRoom(audit: AuditLane, record: LaneRecord): Promise<typeof halved | undefined> {
    if (isAboveThreshold(record.priority, this.#halvings)) return halved;
    this.#halving ??= this.#halve(audit, record).finally(() => (this.#halving = undefined));
    await this.#halving;
    return isAboveThreshold(record.priority, this.#halvings) ? halved : undefined;
  }

  async #sweep(): Promise<void> {
    const above = ({ priority }: { readonly priority: number }) => isAboveThreshold(priority, this.#halvings);
    await this.#journal.evictWhere("audit", above, halved);
  }

  async #halve(audit: AuditLane, { payload }: LaneRecord): Promise<void> {
    if (this.#halvings >= mostHalvings) return;
    const halvings = this.#halvings + 1;
    const fromFrame = Math.min(await this.#oldestWaitingFrame(), frameOf(payload), ...this.#onTheWay);
    await this.#set(audit, halvings, fromFrame);
    await this.#sweep();
  }

  async #set(audit: AuditLane, halvings: number, fromFrame: number): Promise<void> {
    this.#halvings = halvings;
    const at = Math.round(this.#clock());
    // The folder's copy is for the next start; a full disk must not keep the control record back.
    await writePrivate(this.#dir, fileName, JSON.stringify({ v: 1, halvings })).catch(() => undefined);
    const payload = encodeMessage("halving", { v: 1, rate: audit.rate, halvings, fromFrame, at });
    await this.#journal.append("control", { kind: "halving", at, priority: 1, payload });
  }

  async #oldestWaitingFrame(): Promise<number> {
    const after = this.#journal.releasedUpTo("audit");
    // Images are encoded side by side, so that frames may lie in the lane a little out of order.
    const oldest = await this.#journal.read("audit", { after, limit: 16, maxBytes: 1024 * 1024 });
    return Math.min(...oldest.map(({ payload }) => frameOf(payload)));
  }
}

const frameOf = (payload: Uint8Array): number => decodeMessage("sample", payload).frame;

async function readHalvings(dir: string): Promise<number> {
  try {
    const value = JSON.parse(await readFile(join(dir, fileName), "utf8")) as { halvings?: unknown };
    return typeof value.halvings === "number" ? Math.max(0, Math.min(mostHalvings, Math.floor(value.halvings))) : 0;
  } catch {
    return 0;
  }
}
