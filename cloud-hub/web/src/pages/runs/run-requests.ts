import { queryOptions } from "@tanstack/react-query";
import { get, post } from "../../api/hub.ts";
import type { Curve } from "./curve.ts";

/** How far a training is. */
export type RunState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** One training. progress: 0–1 of its job · version: what came of it · job: its queued work */
export type Run = {
  readonly id: string;
  readonly model: string;
  readonly snapshot: string;
  readonly base: string | null;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly state: RunState;
  readonly version: string | null;
  readonly error: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly progress: number | null;
  readonly createdBy: string | null;
  readonly job: string | null;
};

/** A frozen dataset. counts: samples by role and kind */
export type Snapshot = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly counts: Readonly<Record<string, number>>;
};

/** One number of a run over its steps. */
export type Series = Curve & { readonly name: string };

/** Every training, newest first. */
export const runsQuery = queryOptions({
  queryKey: ["runs", "list"],
  queryFn: async ({ signal }) => (await get<{ runs: Run[] }>("/v1/runs", { limit: 500 }, signal)).runs,
});

/** What a run's program reported by step, thinned by the hub. */
export const curvesQuery = (run: string) =>
  queryOptions({
    queryKey: ["runs", "curves", run],
    queryFn: ({ signal }) => get<{ series: Series[] }>(`/v1/runs/${encodeURIComponent(run)}/curves`, {}, signal),
  });

/** A snapshot never changes. */
export const snapshotQuery = (id: string) =>
  queryOptions({
    queryKey: ["snapshot", id],
    queryFn: ({ signal }) => get<Snapshot>(`/v1/snapshots/${encodeURIComponent(id)}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Asks a run's job to stop. */
export const cancelRun = (job: string): Promise<unknown> => post(`/v1/jobs/${encodeURIComponent(job)}/cancel`);
