import { queryOptions } from "@tanstack/react-query";
import type { Figure } from "../../api/figure.ts";
import { get, post } from "../../api/hub.ts";
import type { FitCard } from "../../api/release.ts";
import type { ConfusionCount } from "./confusion.ts";

/** One immutable training result. metrics.validation: by head, on old validation tracks */
export type Version = {
  readonly id: string;
  readonly model: string;
  readonly run: string;
  readonly snapshot: string;
  readonly base: string | null;
  readonly createdAt: number;
  readonly components: readonly {
    readonly name: string;
    readonly role: string;
    readonly classes?: readonly string[];
  }[];
  readonly metrics: { readonly validation?: Readonly<Record<string, Figure>> };
  readonly variants: readonly { readonly target: string; readonly fitCard: FitCard }[];
};

/** What an evaluation says of one version and head. */
export type HeadFigures = {
  readonly accuracy: Figure;
  readonly samples: number;
  readonly slices: readonly { readonly slice: string; readonly accuracy: Figure; readonly samples: number }[];
  readonly confusion?: { readonly cells: readonly ConfusionCount[] };
};

/** Versions judged on the same samples; difference: the last minus the first, paired, by head. */
export type Evaluation = {
  readonly id: string;
  readonly at: number;
  readonly by: string | null;
  readonly query: Readonly<Record<string, unknown>>;
  readonly samples: number;
  readonly versions: readonly { readonly version: string; readonly heads: Readonly<Record<string, HeadFigures>> }[];
  readonly difference?: Readonly<Record<string, Figure>>;
};

/** An evaluation as lists show it. accuracy: by version and head */
export type ListedEvaluation = Pick<Evaluation, "id" | "at" | "by" | "query" | "samples"> & {
  readonly versions: readonly string[];
  readonly accuracy: Readonly<Record<string, Readonly<Record<string, Figure>>>>;
};

type VersionStep = { readonly id: string; readonly model: string; readonly createdAt: number };
type ReleaseStep = { readonly digest: string; readonly createdAt: number; readonly createdBy: string | null };

/** Where a version came from and where it went. */
export type Lineage = {
  readonly release?: ReleaseStep;
  readonly version: VersionStep;
  readonly bases: readonly VersionStep[];
  readonly run: {
    readonly id: string;
    readonly state: string;
    readonly createdAt: number;
    readonly createdBy: string | null;
  } | null;
  readonly snapshot: {
    readonly id: string;
    readonly name: string;
    readonly createdAt: number;
    readonly createdBy: string | null;
  } | null;
  readonly samples: {
    readonly total: number;
    readonly deleted: number;
    readonly parts: readonly {
      readonly role: string;
      readonly split: string | null;
      readonly machine: boolean;
      readonly samples: number;
      readonly tracks: number;
    }[];
    readonly devices: readonly { readonly device: string | null; readonly samples: number }[];
  };
  readonly releases: readonly ReleaseStep[];
  readonly devices: readonly { readonly device: string; readonly release: string }[];
};

/** Every version, newest first. */
export const versionsQuery = queryOptions({
  queryKey: ["runs", "versions"],
  queryFn: async ({ signal }) => (await get<{ versions: Version[] }>("/v1/versions", {}, signal)).versions,
});

/** Evaluations of a version, newest first; of every version without one. */
export const evaluationsQuery = (version?: string) =>
  queryOptions({
    queryKey: ["runs", "evaluations", version ?? ""],
    queryFn: async ({ signal }) =>
      (await get<{ evaluations: ListedEvaluation[] }>("/v1/evaluations", { version, limit: 200 }, signal)).evaluations,
  });

/** One evaluation with slices and confusion; it never changes. */
export const evaluationQuery = (id: string) =>
  queryOptions({
    queryKey: ["evaluation", id],
    queryFn: ({ signal }) => get<Evaluation>(`/v1/evaluations/${encodeURIComponent(id)}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The lineage of a version. */
export const versionLineageQuery = (version: string) =>
  queryOptions({
    queryKey: ["releases", "lineage", "version", version],
    queryFn: ({ signal }) => get<Lineage>(`/v1/lineage/version/${version}`, {}, signal),
  });

/** The lineage of a release. */
export const releaseLineageQuery = (digest: string) =>
  queryOptions({
    queryKey: ["releases", "lineage", "release", digest],
    queryFn: ({ signal }) => get<Lineage>(`/v1/lineage/release/${digest}`, {}, signal),
  });

/** On which samples versions can be judged from the page. */
export type EvaluationData = "audited" | "field" | "old-val" | "old-test";

const queries: Readonly<Record<EvaluationData, Readonly<Record<string, unknown>>>> = {
  audited: { source: "device", audit: true },
  field: { source: "device" },
  "old-val": { source: "import", split: "val" },
  "old-test": { source: "import", split: "test" },
};

/** Judges versions on labelled samples; audited ones count by their inverse inclusion probability. */
export function evaluate(versions: readonly string[], data: EvaluationData): Promise<{ readonly id: string }> {
  return post("/v1/evaluations", {
    versions,
    query: queries[data],
    weightByInclusion: data === "audited",
    confusion: true,
  });
}
