import type { SamplingPolicy } from "@fieldloop/devices";
import { keyedShare } from "./keyed-share.ts";

/** How the audit lane chose a frame; priority: 1 at the hash's low end, falling to 0 at the release's rate. */
export interface AuditChoice {
  readonly probability: number;
  readonly priority: number;
}

/**
 * The uniform share of frames that nothing may touch: chosen where HMAC-SHA256(key, device|epoch|frame) lies below the
 * release's rate, halved once for each time that the lane's disk reserve filled.
 */
export class AuditLane {
  readonly #policy: SamplingPolicy["audit"];
  readonly #key: Uint8Array;
  readonly #scope: string;
  readonly #halvings: () => number;

  /** scope: `device|epoch` · halvings: how often the rate is halved now */
  constructor(policy: SamplingPolicy["audit"], scope: string, halvings: () => number) {
    this.#policy = policy;
    this.#key = Buffer.from(policy.key, "hex");
    this.#scope = scope;
    this.#halvings = halvings;
  }

  /** The probability with which any frame is chosen now. */
  get rate(): number {
    return this.#policy.rate / 2 ** this.#halvings();
  }

  /** The choice of a frame, `undefined` for one that is not chosen. */
  choose(frame: number): AuditChoice | undefined {
    const share = keyedShare(this.#key, this.#scope, frame);
    if (share >= this.rate) return undefined;
    return { probability: this.rate, priority: 1 - share / this.#policy.rate };
  }
}

/** Says whether a waiting audit record lies above the threshold after this many halvings; judged by its priority. */
export function isAboveThreshold(priority: number, halvings: number): boolean {
  return 1 - priority >= 1 / 2 ** halvings;
}
