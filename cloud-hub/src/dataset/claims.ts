/** Who works on what, so that two people never answer one question: a lease that ends by itself. */

/** How long a claim holds without being renewed. */
export const claimMs = 60_000;
const skippedForMs = 12 * 60 * 60 * 1000;
const skippedAtMost = 20_000;

type Claim = { readonly holder: string; readonly name: string; readonly until: number };

/** Claims of one hub, in memory: when it starts anew they are gone, and a label that crosses another is told instead. */
export class ClaimBook {
  readonly #claims = new Map<string, Claim>();
  readonly #skipped = new Map<string, number>();

  /** How many questions are held, or were until a moment ago. */
  get size(): number {
    return this.#claims.size;
  }

  /** Takes a question unless somebody else holds it, or this one skipped it. */
  take(key: string, holder: string, name: string, now: number): boolean {
    const claim = this.#claims.get(key);
    if (claim !== undefined && claim.until > now && claim.holder !== holder) return false;
    if ((this.#skipped.get(`${holder} ${key}`) ?? 0) > now) return false;
    this.#claims.set(key, { holder, name, until: now + claimMs });
    return true;
  }

  /** Keeps a question for longer, also one whose claim ended meanwhile without anybody taking it; else says who has it. */
  renew(key: string, holder: string, name: string, now: number): { readonly by: string } | undefined {
    const claim = this.#claims.get(key);
    if (claim !== undefined && claim.until > now && claim.holder !== holder) return { by: claim.name };
    this.#claims.set(key, { holder, name, until: now + claimMs });
    return undefined;
  }

  /** Gives a question back; a skipped one is not offered to the same person again for half a day. */
  release(key: string, holder: string, skip: boolean, now: number): void {
    if (this.#claims.get(key)?.holder === holder) this.#claims.delete(key);
    if (!skip) return;
    if (this.#skipped.size >= skippedAtMost) this.#skipped.clear();
    this.#skipped.set(`${holder} ${key}`, now + skippedForMs);
  }

  /** Forgets claims that ended. */
  tidy(now: number): void {
    for (const [key, { until }] of this.#claims) if (until <= now) this.#claims.delete(key);
  }
}
