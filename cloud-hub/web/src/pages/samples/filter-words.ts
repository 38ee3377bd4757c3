import { type FilterName, type SampleFilters, withoutFilter } from "./sample-filters.ts";

const shortDigest = (digest: string): string => digest.replace("sha256:", "").slice(0, 10);
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

const words: { readonly [Name in FilterName]-?: (value: never, moment: (at: number) => string) => string } = {
  source: (value: string) => (value === "device" ? "from devices" : "imported"),
  device: (value: string) => `device ${value}`,
  release: (value: string) => `release ${shortDigest(value)}`,
  class: (value: string) => `predicted ${value}`,
  labelClass: (value: string) => `labelled ${value}`,
  labelled: (value: boolean) => (value ? "looked at by a person" : "waiting for a label"),
  unsure: (value: boolean) => (value ? "somebody was unsure" : "nobody was unsure"),
  author: (value: string) => `labelled by ${value}`,
  reason: (value: string) => `kept for ${value}`,
  confidenceAbove: (value: number) => `confidence above ${percent(value)}`,
  confidenceBelow: (value: number) => `confidence below ${percent(value)}`,
  audit: (value: boolean) => (value ? "audited" : "not audited"),
  split: (value: string) => `split ${value}`,
  set: (value: string) => `set ${value}`,
  track: (value: string) => `track ${value}`,
  from: (value: number, moment) => `since ${moment(value)}`,
  to: (value: number, moment) => `before ${moment(value)}`,
  snapshot: (value: string) => `in snapshot ${value}`,
  ids: (value: string) => `${value.split(",").length} chosen samples`,
  similarTo: (value: string) => `like ${value}`,
};

/** A filter in words, as a chip and a sentence say it. moment: writes a time with its zone */
export function filterWords(filters: SampleFilters, name: FilterName, moment: (at: number) => string): string {
  const value = filters[name];
  // The table pairs each name with a writer of its own type.
  return value === undefined ? "" : words[name](value as never, moment);
}

/** Filters that belong together and are taken off together. */
const pairs: readonly (readonly FilterName[])[] = [
  ["from", "to"],
  ["confidenceAbove", "confidenceBelow"],
];

/** A way to loosen filters that match nothing. */
export type Relaxation = { readonly names: readonly FilterName[]; readonly filters: SampleFilters };

/** Each way of taking one filter off, ranges as a whole; none when nothing is filtered. */
export function relaxationsOf(filters: SampleFilters): readonly Relaxation[] {
  const active = (Object.keys(filters) as FilterName[]).filter(
    (name) => filters[name] !== undefined && name !== "similarTo",
  );
  const groups = active.map(
    (name) => pairs.find((pair) => pair.includes(name))?.filter((each) => active.includes(each)) ?? [name],
  );
  const distinct = [...new Map(groups.map((names) => [names.join(), names])).values()];
  return distinct.map((names) => ({ names, filters: names.reduce(withoutFilter, filters) }));
}
