import { get } from "../../api/hub.ts";
import type { Histogram } from "./histogram.ts";
import type { KeysetPage } from "./page-cache.ts";
import type { Sample } from "./sample.ts";
import { activeFilters, type FilterName, type SampleFilters, toQuery } from "./sample-filters.ts";

/** Samples in one page of the gallery's list. */
export const galleryPageSize = 400;

/** How many nearest samples are shown. */
export const similarCount = 120;

/** One page of the samples that filters match, newest first. */
export async function fetchSamplePage(
  filters: SampleFilters,
  cursor: string | undefined,
  signal: AbortSignal,
  limit = galleryPageSize,
): Promise<KeysetPage<Sample>> {
  const query = { ...toQuery(filters), limit, after: cursor };
  const { samples, next } = await get<{ samples: Sample[]; next?: string }>("/v1/samples", query, signal);
  return { items: samples, next };
}

/** The samples nearest to one, the nearest first, with their distances. */
export async function fetchSimilar(filters: SampleFilters, signal: AbortSignal): Promise<KeysetPage<Sample>> {
  const { to: before, ...query } = toQuery(filters);
  const request = { ...query, before, to: filters.similarTo, limit: similarCount };
  const { samples } = await get<{ samples: Sample[] }>("/v1/samples/similar", request, signal);
  return { items: samples };
}

/** Filters that the rollups behind the histogram know; the others cannot be counted without reading every sample. */
const countedFilters: ReadonlySet<FilterName> = new Set<FilterName>([
  "source",
  "device",
  "release",
  "class",
  "confidenceAbove",
  "confidenceBelow",
  "audit",
  "from",
  "to",
]);

/** The filters that are set and that a histogram's counts leave out. */
export function uncountedFilters(filters: SampleFilters): readonly FilterName[] {
  return activeFilters(filters).filter((name) => !countedFilters.has(name));
}

/** Counts over time of the samples that filters match, from rollups. */
export function fetchHistogram(filters: SampleFilters, signal: AbortSignal): Promise<Histogram> {
  const counted = Object.entries(toQuery(filters)).filter(([name]) => countedFilters.has(name as FilterName));
  return get<Histogram>("/v1/samples/histogram", { ...Object.fromEntries(counted), buckets: 120 }, signal);
}

/** One sample with everything that is known of it. */
export function fetchSample(id: string, signal: AbortSignal): Promise<Sample> {
  return get<Sample>(`/v1/samples/${encodeURIComponent(id)}`, {}, signal);
}

/** Whether anything matches filters at all. */
export async function isAnyThere(filters: SampleFilters, signal: AbortSignal): Promise<boolean> {
  const { samples } = await get<{ samples: Sample[] }>("/v1/samples", { ...toQuery(filters), limit: 1 }, signal);
  return samples.length > 0;
}
