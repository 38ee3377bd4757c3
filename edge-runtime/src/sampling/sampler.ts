import type { Reason, SamplingPolicy } from "@fieldloop/devices";
import type { HeadOpinion } from "../pipeline/head-answer.ts";
import { AuditLane } from "./audit-lane.ts";
import { UncertaintyScorer, type Verdict } from "./uncertainty-scorer.ts";

/**
 * A frame to keep: where, why, and with what probability such a frame is kept in that lane.
 * priority: what it is worth to the journal when space is short · charge: call with the stored size
 */
export interface SampleChoice {
  readonly lane: "audit" | "samples";
  readonly reasons: readonly Reason[];
  readonly inclusionProbability: number;
  readonly priority: number;
  readonly charge: (bytes: number) => void;
}

/** Decides which frames are kept, by the policy of one release. */
export class Sampler {
  readonly audit: AuditLane;
  readonly #scorers: readonly UncertaintyScorer[];
  readonly #monotonicMs: () => number;
  readonly #key: string;

  constructor(options: {
    readonly policy: SamplingPolicy;
    readonly device: string;
    readonly epoch: string;
    readonly halvings: () => number;
    readonly monotonicMs: () => number;
    /** The sampler before this one; budgets of scorers with the same policy go on. */
    readonly previous?: Sampler | undefined;
  }) {
    const { policy, monotonicMs, previous } = options;
    const scope = `${options.device}|${options.epoch}`;
    const key = Buffer.from(policy.audit.key, "hex");
    this.audit = new AuditLane(policy.audit, scope, options.halvings);
    this.#monotonicMs = monotonicMs;
    this.#scorers = policy.scorers.map(
      (scorer) => previous?.inherit(scorer, policy) ?? new UncertaintyScorer(scorer, key, scope, monotonicMs()),
    );
    this.#key = policy.audit.key;
  }

  /** The running scorer of an equal policy, so that a new release does not open a fresh budget. */
  inherit(scorer: SamplingPolicy["scorers"][number], policy: SamplingPolicy): UncertaintyScorer | undefined {
    if (policy.audit.key !== this.#key) return undefined;
    return this.#scorers.find(({ policy: mine }) => JSON.stringify(mine) === JSON.stringify(scorer));
  }

  /** Judges one answered frame; every scorer flips its coin, whatever the audit lane says. */
  choose(frame: number, heads: Readonly<Record<string, HeadOpinion>>): SampleChoice | undefined {
    const nowMs = this.#monotonicMs();
    const audited = this.audit.choose(frame);
    const judged = this.#scorers.map((scorer) => ({ scorer, verdict: scorer.judge({ frame, heads, nowMs }) }));
    const chosen = judged.filter(({ verdict }) => verdict.isChosen);
    const reasons = chosen.map(({ verdict }) => reasonOf(verdict));
    if (audited !== undefined) {
      const { probability, priority } = audited;
      const audit = { kind: "audit", probability };
      const charge = () => undefined;
      return { lane: "audit", reasons: [audit, ...reasons], inclusionProbability: probability, priority, charge };
    }
    if (chosen.length === 0) return undefined;
    const none = judged.reduce((product, { verdict }) => product * (1 - verdict.probability), 1);
    const priority = Math.max(...chosen.map(({ verdict }) => verdict.score));
    const charge = (bytes: number) => {
      for (const { scorer } of chosen) scorer.charge(bytes / chosen.length, this.#monotonicMs());
    };
    const inclusionProbability = (1 - none) * (1 - this.audit.rate);
    return { lane: "samples", reasons, inclusionProbability, priority, charge };
  }
}

function reasonOf({ kind, probability, score }: Verdict): Reason {
  return { kind, probability, score };
}
