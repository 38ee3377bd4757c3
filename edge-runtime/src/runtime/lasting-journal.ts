import { type Journal, JournalError, type JournalRecord, type LaneStats, type NewRecord } from "../journal/index.ts";
import { fullJitterMs } from "../uplink/backoff.ts";

type Listener = (lane: string, lastSeq: number) => void;
type Range = Parameters<Journal["read"]>[1];

const firstPauseMs = 1_000;
const mostPauseMs = 60_000;

/**
 * A journal that opens itself again after the disk failed a write: a journal refuses everything from then on, since what
 * it holds in memory may differ from the disk. Meanwhile appends are refused, reads give nothing, figures stand still.
 */
export class LastingJournal implements Journal {
  readonly #reopen: () => Promise<Journal>;
  readonly #random: () => number;
  readonly #listeners = new Set<Listener>();
  #journal: Journal;
  #figures: {
    lanes: Readonly<Record<string, { last: number; released: number }>>;
    stats: ReturnType<Journal["stats"]>;
  };
  #recovering: Promise<void> | undefined;
  #endPause: (() => void) | undefined;
  #isClosed = false;

  /** open: opens the journal, the first time and each time after */
  static async open(open: () => Promise<Journal>, random: () => number = Math.random): Promise<LastingJournal> {
    return new LastingJournal(await open(), open, random);
  }

  private constructor(journal: Journal, reopen: () => Promise<Journal>, random: () => number) {
    this.#journal = journal;
    this.#reopen = reopen;
    this.#random = random;
    this.#figures = figuresOf(journal);
    this.#listen();
  }

  get epoch(): string {
    return this.#journal.epoch;
  }

  get recovery(): Journal["recovery"] {
    return this.#journal.recovery;
  }

  append(lane: string, record: NewRecord): Promise<{ readonly seq: number }> {
    return this.#guarded((journal) => journal.append(lane, record));
  }

  read(lane: string, range: Range): Promise<readonly JournalRecord[]> {
    return this.#recovering ? Promise.resolve([]) : this.#guarded((journal) => journal.read(lane, range));
  }

  release(lane: string, upTo: number): Promise<void> {
    return this.#guarded((journal) => journal.release(lane, upTo));
  }

  evictWhere(lane: string, predicate: (record: JournalRecord) => boolean, reason: string): Promise<number> {
    return this.#guarded((journal) => journal.evictWhere(lane, predicate, reason));
  }

  releasedUpTo(lane: string): number {
    return this.#recovering ? (this.#figures.lanes[lane]?.released ?? 0) : this.#journal.releasedUpTo(lane);
  }

  lastSeq(lane: string): number {
    return this.#recovering ? (this.#figures.lanes[lane]?.last ?? 0) : this.#journal.lastSeq(lane);
  }

  stats(): { readonly lanes: Readonly<Record<string, LaneStats>>; readonly diskBytes: number } {
    return this.#recovering ? this.#figures.stats : this.#journal.stats();
  }

  onAppend(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  sync(): Promise<void> {
    return this.#guarded((journal) => journal.sync());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endPause?.();
    await this.#recovering;
    await this.#journal.close();
  }

  #listen(): void {
    this.#journal.onAppend((lane, lastSeq) => {
      for (const listener of this.#listeners) listener(lane, lastSeq);
    });
  }

  async #guarded<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
    if (this.#recovering)
      throw new JournalError("write-failed", "Expected the disk to take records; it failed, and is being tried again.");
    const journal = this.#journal;
    try {
      return await work(journal);
    } catch (error) {
      const isBroken = error instanceof JournalError && error.code === "write-failed";
      if (isBroken && journal === this.#journal && !this.#isClosed) this.#recover();
      throw error;
    }
  }

  #recover(): void {
    if (this.#recovering) return;
    this.#figures = figuresOf(this.#journal);
    this.#recovering = this.#openAgain().finally(() => (this.#recovering = undefined));
  }

  async #openAgain(): Promise<void> {
    await this.#journal.close().catch(() => undefined);
    for (let failures = 0; !this.#isClosed; failures += 1) {
      await this.#pause(
        firstPauseMs + fullJitterMs(failures, this.#random, { firstMs: firstPauseMs, mostMs: mostPauseMs }),
      );
      try {
        this.#journal = await this.#reopen();
        this.#listen();
        return;
      } catch {
        // The disk still fails; `status` says so by what is lost meanwhile.
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function figuresOf(journal: Journal) {
  const stats = journal.stats();
  const lanes = Object.keys(stats.lanes).map(
    (lane) => [lane, { last: journal.lastSeq(lane), released: journal.releasedUpTo(lane) }] as const,
  );
  return { stats, lanes: Object.fromEntries(lanes) };
}
