import type { Rule } from "@fieldloop/devices";
import type { HeadOpinion } from "./head-answer.ts";

/** A rule's answer for one frame: the class it holds to be true of the track, or `undefined` while it is not sure. */
export type Decision = string | undefined;

interface TrackState {
  candidate: string;
  frames: number;
  decision: Decision;
}

/**
 * Debounce per rule and track: a class is decided once it led with `minConfidence` in `frames` consecutive frames, and
 * stays decided until another one is. At most `maxTracks` tracks are remembered; the longest unseen is forgotten first.
 */
export class RuleState {
  readonly #rules: readonly Rule[];
  readonly #maxTracks: number;
  readonly #tracks = new Map<string, TrackState>();

  constructor(rules: readonly Rule[], maxTracks = 1024) {
    this.#rules = rules;
    this.#maxTracks = maxTracks;
  }

  /** Advances every rule by one frame of a track; frames must come in order. */
  observe(track: string, heads: Readonly<Record<string, HeadOpinion>>): Readonly<Record<string, string>> {
    const decisions: Record<string, string> = {};
    for (const rule of this.#rules) {
      const opinion = heads[rule.head];
      if (opinion === undefined) continue;
      const decision = this.#advance(rule, `${rule.name}\n${track}`, opinion);
      if (decision !== undefined) decisions[rule.name] = decision;
    }
    return decisions;
  }

  #advance(rule: Rule, key: string, opinion: HeadOpinion): Decision {
    const state = this.#recall(key);
    if (opinion.confidence < rule.minConfidence) state.frames = 0;
    else if (opinion.class === state.candidate) state.frames += 1;
    else {
      state.candidate = opinion.class;
      state.frames = 1;
    }
    if (state.frames >= rule.frames) state.decision = state.candidate;
    return state.decision;
  }

  #recall(key: string): TrackState {
    const state = this.#tracks.get(key) ?? { candidate: "", frames: 0, decision: undefined };
    this.#tracks.delete(key);
    this.#tracks.set(key, state);
    if (this.#tracks.size > this.#maxTracks * Math.max(1, this.#rules.length)) {
      const oldest = this.#tracks.keys().next().value;
      if (oldest !== undefined) this.#tracks.delete(oldest);
    }
    return state;
  }
}
