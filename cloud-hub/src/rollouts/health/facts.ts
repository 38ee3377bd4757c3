/**
 * One sketch window of one device, as the health rules read it.
 * at: hub time of the window's end, ms · frames: answered ones · errors, dropped: frames without an answer ·
 * confidenceSum, confidenceSquares: of the primary head, from its 20-bin histogram · logLatencySum: Σ ln µs, from the
 * log2 histogram · restarts: starts of the device's process within the window · outcomes, badOutcomes: reported for
 * predictions of this window
 */
export type HealthWindow = {
  readonly at: number;
  readonly release: "old" | "new";
  readonly frames: number;
  readonly errors: number;
  readonly dropped: number;
  readonly confidenceSum: number;
  readonly confidenceSquares: number;
  readonly classCounts: readonly number[];
  readonly logLatencySum: number;
  readonly restarts: number;
  readonly outcomes: number;
  readonly badOutcomes: number;
};

/** The windows of one device before and during a rollout. wave: its number from 1, `null` for a control */
export type DeviceSeries = {
  readonly device: string;
  readonly wave: number | null;
  readonly windows: readonly HealthWindow[];
};

/**
 * What a release looks like on the data it was judged by.
 * confidenceMean: of its primary head there · classShares: how often each class is *labelled* there, which is what a
 * release that is right would answer
 */
export type ReleaseReference = { readonly confidenceMean: number; readonly classShares: readonly number[] };

/**
 * Everything that a verdict rests on; pure data, so that a verdict can be repeated from what was stored.
 * openedAt: hub time at which the rollout's first wave opened, ms · now: hub time of this look, ms · treated: devices that
 * were offered the new release, of all waves so far, with their windows before it · controls: devices still on the old one
 */
export type HealthFacts = {
  readonly openedAt: number;
  readonly now: number;
  readonly treated: readonly DeviceSeries[];
  readonly controls: readonly DeviceSeries[];
  readonly history: HistorySpread;
  readonly reference: ReleaseReference | null;
};

/** The rules of health, in the order in which they are told. */
export const ruleNames = ["confidence", "mix", "errors", "drops", "latency", "restarts", "outcomes"] as const;
export type RuleName = (typeof ruleNames)[number];

/**
 * How much a figure changes by itself from one period to the next.
 * value: standard deviation between devices of the change against the others, sampling noise taken off · alone: of the
 * plain change, with what all devices share · degrees: of freedom behind both · design: how many observations in a row tell
 * as much as one independent one · from: which of prior and history weighs more · n: changes seen in the history
 */
export type Spread = {
  readonly value: number;
  readonly alone: number;
  readonly degrees: number;
  readonly design: number;
  readonly from: "history" | "prior";
  readonly n: number;
};

/** The spread of every rule, for changes from one period of `periodMs` to the next. */
export type HistorySpread = { readonly periodMs: number; readonly rules: Readonly<Record<RuleName, Spread>> };
