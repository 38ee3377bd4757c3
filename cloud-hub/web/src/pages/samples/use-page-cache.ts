import { useEffect, useReducer, useState } from "react";
import { useContact } from "../../live/use-live.ts";
import { createPageCache, type PageCache } from "./page-cache.ts";
import type { Sample } from "./sample.ts";
import type { SampleFilters } from "./sample-filters.ts";
import { fetchSamplePage, fetchSimilar, galleryPageSize, similarCount } from "./sample-requests.ts";

const keepPages = 15;

/** What a page shows before its effects have run. */
const nothingYet = createPageCache<Sample>({
  pageSize: galleryPageSize,
  keepPages: 0,
  fetchPage: () => Promise.resolve({ items: [] }),
  onChange: () => undefined,
});
nothingYet.close();

/** The list of samples that filters match; a new one whenever they, or `turn`, change. */
export function usePageCache(filters: SampleFilters, turn: number): PageCache<Sample> {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [cache, setCache] = useState(nothingYet);
  const key = JSON.stringify([filters, turn]);
  useEffect(() => {
    const [wanted] = JSON.parse(key) as [SampleFilters, number]; // written just above
    const isSimilar = wanted.similarTo !== undefined;
    const made = createPageCache<Sample>({
      pageSize: isSimilar ? similarCount : galleryPageSize,
      keepPages,
      fetchPage: (cursor, signal) =>
        isSimilar ? fetchSimilar(wanted, signal) : fetchSamplePage(wanted, cursor, signal),
      onChange: redraw,
    });
    setCache(made);
    made.want(0, galleryPageSize - 1);
    return made.close;
  }, [key]);
  const { kind } = useContact();
  useEffect(() => {
    if (kind === "answering" && cache.error() !== undefined) cache.retry();
  }, [kind, cache]);
  return cache;
}
