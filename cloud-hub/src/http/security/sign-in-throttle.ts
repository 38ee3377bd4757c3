/** So many wrong tokens are answered at once; after them one try per pause, until the window has passed. */
export const triesAtOnce = 10;
export const pauseMs = 5_000;
const windowMs = 15 * 60_000;
const addressesAtMost = 10_000;

type Tries = { failed: number; lastAt: number };

/**
 * Slows down guessing per address. While an address is slowed nothing is compared, so that the answer to a right token and to
 * a wrong one are the same. Source: OWASP ASVS 5.0, 6.3.1.
 */
export class SignInThrottle {
  readonly #tries = new Map<string, Tries>();

  /** How long this address must wait before its next try is looked at, in ms. */
  waitMs(address: string, now: number): number {
    const tries = this.#tries.get(address);
    if (tries === undefined || now - tries.lastAt > windowMs) return 0;
    return tries.failed < triesAtOnce ? 0 : Math.max(0, tries.lastAt + pauseMs - now);
  }

  failed(address: string, now: number): void {
    const tries = this.#tries.get(address);
    const failed = tries === undefined || now - tries.lastAt > windowMs ? 1 : tries.failed + 1;
    this.#tries.delete(address);
    this.#tries.set(address, { failed, lastAt: now });
    if (this.#tries.size <= addressesAtMost) return;
    const [oldest] = this.#tries.keys();
    if (oldest !== undefined) this.#tries.delete(oldest);
  }
}
