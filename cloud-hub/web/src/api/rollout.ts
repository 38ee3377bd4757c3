import { queryOptions } from "@tanstack/react-query";
import { get, post } from "./hub.ts";

/** What one health rule found. value, low, high: harm in `unit`, null without data · n: predictions behind it */
export type RuleVerdict = {
  readonly rule: string;
  readonly title: string;
  readonly verdict: "healthy" | "harm" | "too-little-data";
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: string;
  readonly harmAbove: number;
  readonly healthyBelow: number;
  readonly n: number;
  readonly devices: { readonly treated: number; readonly control: number };
  readonly spread: { readonly value: number; readonly from: "history" | "prior"; readonly n: number };
  readonly sentence: string;
};

/** A device in a wave. previous: the release that it goes back to */
export type WaveDevice = {
  readonly device: string;
  readonly profile: string;
  readonly state: "waiting" | "offered" | "running" | "refused" | "returned" | "left";
  readonly previous: string | null;
  readonly offeredAt: number | null;
  readonly firstPredictionAt: number | null;
  readonly returnedAt: number | null;
  readonly reason: string | null;
};

/** One step of a rollout. */
export type Wave = {
  readonly number: number;
  readonly share: string;
  readonly state: "waiting" | "open" | "healthy" | "stopped";
  readonly openedAt: number | null;
  readonly decidedAt: number | null;
  readonly devices: readonly WaveDevice[];
  readonly verdict: {
    readonly decision: "wait" | "healthy" | "harm";
    readonly at: number;
    readonly sentence: string;
    readonly rules: readonly RuleVerdict[];
  } | null;
};

/** A release on its way through a group. reason: the newest step's sentence */
export type Rollout = {
  readonly id: string;
  readonly release: string;
  readonly group: string;
  readonly state: "running" | "paused" | "completed" | "stopped" | "aborted";
  readonly cause: "harm" | "cannot-start" | "too-little-data" | "aborted" | null;
  readonly by: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly reason: string;
  readonly soakMs: number;
  readonly longestSoakMs: number;
  readonly waves: readonly Wave[];
  readonly steps: readonly {
    readonly step: number;
    readonly at: number;
    readonly kind: string;
    readonly sentence: string;
    readonly by: string | null;
  }[];
};

/** A rollout to start. waves: shares, the hub's choice unless given */
export type NewRollout = {
  readonly release: string;
  readonly group: string;
  readonly waves?: readonly (number | string)[];
  readonly soakMs?: number;
  readonly longestSoakMs?: number;
};

/** What a person may tell a rollout. */
export type RolloutOrder = "pause" | "resume" | "abort";

/** Every rollout, newest first. */
export const rolloutsQuery = queryOptions({
  queryKey: ["rollouts", "list"],
  queryFn: async ({ signal }) => (await get<{ rollouts: readonly Rollout[] }>("/v1/rollouts", {}, signal)).rollouts,
});

/** One rollout. */
export const rolloutQuery = (id: string) =>
  queryOptions({
    queryKey: ["rollouts", "one", id],
    queryFn: ({ signal }) => get<Rollout>(`/v1/rollouts/${encodeURIComponent(id)}`, {}, signal),
  });

/** Starts a rollout. */
export const startRollout = (rollout: NewRollout) => post<Rollout>("/v1/rollouts", rollout);

/** Pauses, resumes or aborts a rollout. */
export const orderRollout = (id: string, order: RolloutOrder, reason: string) =>
  post<Rollout>(`/v1/rollouts/${encodeURIComponent(id)}/${order}`, reason === "" ? {} : { reason });
