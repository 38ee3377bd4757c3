import { filterWords } from "../samples/filter-words.ts";
import { activeFilters, readFilters } from "../samples/sample-filters.ts";

/** The samples of an evaluation in words. moment: writes a time with its zone */
export function queryWords(query: Readonly<Record<string, unknown>>, moment: (at: number) => string): string {
  const { filters } = readFilters(query);
  const words = activeFilters(filters).map((name) => filterWords(filters, name, moment));
  return words.length === 0 ? "every labelled sample" : `labelled samples ${words.join(", ")}`;
}

/** A slice's name in words: "class=stop" is "stop", others keep what they are of. */
export function sliceWords(slice: string): { readonly group: string; readonly name: string } {
  const at = slice.indexOf("=");
  return at === -1 ? { group: "", name: slice } : { group: slice.slice(0, at), name: slice.slice(at + 1) };
}
