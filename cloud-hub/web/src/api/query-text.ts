/** Values of a query string; absent and empty ones are left out, lists repeat their name. */
export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

/** Writes a query string with its question mark, or nothing. */
export function queryText(values: QueryValues): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Reads a query string into single values; of a repeated name the last one counts. */
export function readQuery(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}
