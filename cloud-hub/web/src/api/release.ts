import { queryOptions } from "@tanstack/react-query";
import type { Figure } from "./figure.ts";
import { get } from "./hub.ts";

/** What was measured of a variant; null means not measured. machine: where its latency was measured */
export type FitCard = {
  readonly target: string;
  readonly accuracy: Figure | null;
  readonly agreement: Figure | null;
  readonly difference: Figure | null;
  readonly latency: {
    readonly p50Us: number;
    readonly p95Us: number;
    readonly n: number;
    readonly machine: {
      readonly name: string;
      readonly cores: number;
      readonly threads: number;
      readonly engine: string;
    };
  } | null;
  readonly sizeBytes: number;
  readonly sizeRatio: number;
  readonly peakMemoryBytes: number | null;
};

/** A signed release. profiles: the target that each gets, and why */
export type Release = {
  readonly digest: string;
  readonly version: string;
  readonly createdAt: number;
  readonly profiles: Readonly<Record<string, { readonly target: string; readonly why: string }>>;
  readonly manifest: {
    readonly model: string;
    readonly fitCards: readonly FitCard[];
    readonly accepted?: { readonly by: string; readonly reason: string };
  };
};

/** A release as lists show it. devices: that shall run it now · accepted: who took it against its budget or gate */
export type ListedRelease = {
  readonly digest: string;
  readonly version: string;
  readonly model: string;
  readonly createdAt: number;
  readonly createdBy: string | null;
  readonly profiles: Readonly<Record<string, { readonly target: string; readonly why: string }>>;
  readonly accepted: { readonly by?: string; readonly reason?: string } | null;
  readonly devices: number;
};

/** Every release, newest first. */
export const releasesQuery = queryOptions({
  queryKey: ["releases", "list"],
  queryFn: async ({ signal }) =>
    (await get<{ releases: readonly ListedRelease[] }>("/v1/releases", {}, signal)).releases,
});

/** One release; releases never change. */
export const releaseQuery = (digest: string) =>
  queryOptions({
    queryKey: ["releases", "one", digest],
    queryFn: ({ signal }) => get<Release>(`/v1/releases/${digest}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
