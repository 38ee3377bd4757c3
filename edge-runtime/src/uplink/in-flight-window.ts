/** The most messages and bytes handed to the broker and not yet acknowledged by it. */
const windowLimits = { messages: 16, bytes: 1024 * 1024 } as const;

/** The uplink's own window of unacknowledged messages. */
export class InFlightWindow {
  #messages = 0;
  #bytes = 0;

  /** Says whether one more message may be sent. */
  get isOpen(): boolean {
    return this.#messages < windowLimits.messages && this.#bytes < windowLimits.bytes;
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  enter(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
  }
}
