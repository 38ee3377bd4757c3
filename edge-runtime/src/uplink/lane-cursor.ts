/**
 * Where the uplink stands in one lane: what was handed to the broker, what the broker took, and when to send again
 * because no receipt came.
 */
export class LaneCursor {
  /** Sent up to here; reading goes on after it. */
  sentUpTo: number;
  /** Acknowledged by the broker up to here: neither stored nor released yet. */
  takenUpTo: number;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #resends = 0;
  readonly #timeoutMs: number;

  constructor(releasedUpTo: number, timeoutMs: number) {
    this.sentUpTo = releasedUpTo;
    this.takenUpTo = releasedUpTo;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The broker took everything up to `seq`; a receipt is due within the timeout from the first on, within twice as long
   * after each time in vain (64-fold at most).
   */
  taken(seq: number, nowMs: number): void {
    this.takenUpTo = Math.max(this.takenUpTo, seq);
    const deadlineMs = nowMs + this.#timeoutMs * 2 ** Math.min(this.#resends, 6);
    this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs);
  }

  /** The hub stored everything up to `seq`. */
  released(seq: number, nowMs: number): void {
    this.#resends = 0;
    this.sentUpTo = Math.max(this.sentUpTo, seq);
    this.takenUpTo = Math.max(this.takenUpTo, seq);
    this.#deadlineMs = this.takenUpTo > seq ? nowMs + this.#timeoutMs : Number.POSITIVE_INFINITY;
  }

  /** Starts again after the released position; `isRepeat` when a receipt did not come in time. */
  rewind(releasedUpTo: number, isRepeat: boolean): void {
    this.sentUpTo = releasedUpTo;
    this.takenUpTo = releasedUpTo;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    if (isRepeat) this.#resends += 1;
  }

  /** Says whether the broker took records and the receipt for them is overdue. */
  isOverdue(nowMs: number): boolean {
    return nowMs >= this.#deadlineMs;
  }

  /** When a receipt is overdue, in milliseconds of the same clock. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }
}
