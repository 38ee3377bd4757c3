import type { SamplingPolicy } from "@fieldloop/devices";
import type { HeadOpinion } from "../pipeline/head-answer.ts";
import { ByteBucket } from "./byte-bucket.ts";
import { keyedShare } from "./keyed-share.ts";

type ScorerPolicy = SamplingPolicy["scorers"][number];

/** One frame as a scorer sees it; nowMs: a clock that never goes back. */
export interface ScoredFrame {
  readonly frame: number;
  readonly heads: Readonly<Record<string, HeadOpinion>>;
  readonly nowMs: number;
}

/** What a scorer says of a frame: its score (0–1), the probability of keeping it, and how the coin fell. */
export interface Verdict {
  readonly kind: string;
  readonly score: number;
  readonly probability: number;
  readonly isChosen: boolean;
}

/** Even a frame that the model is sure of is kept with this share of the probability of the least sure one. */
const leastWeight = 0.02;

/**
 * Keeps frames the less sure a head is of them, within a byte budget: the probability is the score's weight times the
 * share of the budget that is left, fixed before a coin is flipped by keyed hash, so that it is known for every frame.
 */
export class UncertaintyScorer {
  readonly policy: ScorerPolicy;
  readonly #key: Uint8Array;
  readonly #scope: string;
  readonly #bucket: ByteBucket;

  /** scope: what names the device and epoch in the hash */
  constructor(policy: ScorerPolicy, key: Uint8Array, scope: string, nowMs: number) {
    this.policy = policy;
    this.#key = key;
    this.#scope = scope;
    this.#bucket = new ByteBucket(policy, nowMs);
  }

  /** Scores a frame by 1 − margin of the policy's head and flips the coin. */
  judge({ frame, heads, nowMs }: ScoredFrame): Verdict {
    const { kind, head } = this.policy;
    const score = 1 - (heads[head]?.margin ?? 1);
    const weight = leastWeight + (1 - leastWeight) * score;
    const probability = weight * this.#bucket.fill(nowMs);
    const share = keyedShare(this.#key, this.#scope, frame, kind, head);
    return { kind, score, probability, isChosen: share < probability };
  }

  /** Charges a kept sample to the budget. */
  charge(bytes: number, nowMs: number): void {
    this.#bucket.take(bytes, nowMs);
  }
}
