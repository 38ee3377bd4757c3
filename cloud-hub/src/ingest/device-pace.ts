/** How fast one device may send, over its sessions; what it may send at once is `burstSeconds` of that. */
export type DeviceRate = {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly burstSeconds: number;
};

/** Enough for 30 frames a second with samples, and for an hour's journal within minutes. */
export const deviceRate: DeviceRate = { messagesPerSecond: 50, bytesPerSecond: 1024 * 1024, burstSeconds: 10 };

/**
 * Two buckets, one of messages and one of bytes, which a device empties by what it sends. Nothing is refused: what comes too
 * fast is read later, so that TCP slows the device down. Times are milliseconds of a clock that never goes back.
 */
export class DevicePace {
  readonly #rate: DeviceRate;
  #messages: number;
  #bytes: number;
  #atMs: number;

  constructor(rate: DeviceRate, nowMs: number) {
    this.#rate = rate;
    this.#messages = rate.messagesPerSecond * rate.burstSeconds;
    this.#bytes = rate.bytesPerSecond * rate.burstSeconds;
    this.#atMs = nowMs;
  }

  /** Takes one message; returns how long to wait before it is read, 0 while the device keeps to its rate. */
  take(bytes: number, nowMs: number): number {
    this.#refill(nowMs);
    this.#messages -= 1;
    this.#bytes -= bytes;
    const { messagesPerSecond, bytesPerSecond } = this.#rate;
    const owedMs = Math.max(-this.#messages / messagesPerSecond, -this.#bytes / bytesPerSecond) * 1000;
    return Math.max(0, Math.ceil(owedMs));
  }

  #refill(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000;
    const { messagesPerSecond, bytesPerSecond, burstSeconds } = this.#rate;
    this.#messages = Math.min(messagesPerSecond * burstSeconds, this.#messages + messagesPerSecond * seconds);
    this.#bytes = Math.min(bytesPerSecond * burstSeconds, this.#bytes + bytesPerSecond * seconds);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
