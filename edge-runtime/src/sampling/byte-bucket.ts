/**
 * A byte budget that refills steadily up to its burst; a cost may overdraw it, which later refills pay back.
 * Times are milliseconds of a clock that never goes back.
 */
export class ByteBucket {
  readonly #bytesPerSecond: number;
  readonly #burstBytes: number;
  #bytes: number;
  #atMs: number;

  constructor(budget: { readonly bytesPerSecond: number; readonly burstBytes: number }, nowMs: number) {
    this.#bytesPerSecond = budget.bytesPerSecond;
    this.#burstBytes = budget.burstBytes;
    this.#bytes = budget.burstBytes;
    this.#atMs = nowMs;
  }

  /** The share of the burst that is left, 0 while overdrawn. */
  fill(nowMs: number): number {
    this.#refill(nowMs);
    return this.#burstBytes === 0 ? 0 : Math.max(0, this.#bytes / this.#burstBytes);
  }

  /** Takes the cost of something kept. */
  take(bytes: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#bytes -= bytes;
  }

  #refill(nowMs: number): void {
    const earned = (this.#bytesPerSecond * Math.max(0, nowMs - this.#atMs)) / 1000;
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + earned);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
