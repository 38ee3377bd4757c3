/** How a list is shown: filtered by text, ordered by a column ("seen", or "-seen" the other way round). */
export type ListSearch = { readonly text?: string; readonly sort?: string };

/** Reads a list's filter and order from its address; what is no text is left out. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  return { ...textOf(search, "text"), ...textOf(search, "sort") };
}

/** The next order when a column's head is pressed: up, down, none. */
export function nextSort(sort: string | undefined, column: string): string | undefined {
  if (sort === column) return `-${column}`;
  return sort === `-${column}` ? undefined : column;
}

/** A value of each column that can be ordered by; absent values come last both ways. */
export type SortKeys<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** Orders rows by a column, equal ones as they were; an unknown column changes nothing. */
export function sorted<Row>(rows: readonly Row[], sort: string | undefined, keys: SortKeys<Row>): readonly Row[] {
  const isDown = sort?.startsWith("-") ?? false;
  const key = keys[isDown ? sort!.slice(1) : (sort ?? "")];
  if (key === undefined) return rows;
  return rows.toSorted((a, b) => compare(key(a), key(b), isDown ? -1 : 1));
}

/** The rows that contain every word of a text, whatever their case. */
export function matching<Row>(
  rows: readonly Row[],
  text: string | undefined,
  wordsOf: (row: Row) => string,
): readonly Row[] {
  const words = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const has = wordsOf(row).toLowerCase();
    return words.every((word) => has.includes(word));
  });
}

function textOf(search: Record<string, unknown>, name: "text" | "sort"): ListSearch {
  const value = search[name];
  return typeof value === "string" && value !== "" ? { [name]: value } : {};
}

function compare(a: string | number | null | undefined, b: string | number | null | undefined, sign: 1 | -1): number {
  if (a == null || b == null) return Number(a == null) - Number(b == null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}
