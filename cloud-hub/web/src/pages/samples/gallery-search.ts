import { type FilterSearch, filterNames } from "./sample-filters.ts";

/** What the gallery's address carries. open: the sample whose details are shown */
export type GallerySearch = FilterSearch & { readonly open?: string };

/** Keeps what the gallery's address may carry, as text; whether it makes sense is told on the page. */
export function readGallerySearch(search: Readonly<Record<string, unknown>>): GallerySearch {
  const names = [...filterNames, "open"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      return value === undefined || value === "" ? [] : [[name, String(value)]];
    }),
  );
}
