/** The spans that a device's history can be looked at in. */
export const spans = [
  { name: "1h", title: "1 hour", ms: 3_600_000 },
  { name: "24h", title: "24 hours", ms: 86_400_000 },
  { name: "7d", title: "7 days", ms: 7 * 86_400_000 },
  { name: "30d", title: "30 days", ms: 30 * 86_400_000 },
] as const;
export type SpanName = (typeof spans)[number]["name"];

/** What of a device stands in the address. */
export type DeviceSearch = { readonly span?: SpanName };

/** Reads the address; an unknown span is left out. */
export function readDeviceSearch(search: Record<string, unknown>): DeviceSearch {
  const found = spans.find(({ name }) => name === search.span);
  return found === undefined ? {} : { span: found.name };
}

/** A span by its name, an hour unless given. */
export const spanNamed = (wanted: SpanName | undefined): (typeof spans)[number] =>
  spans.find(({ name }) => name === wanted) ?? spans[0];
