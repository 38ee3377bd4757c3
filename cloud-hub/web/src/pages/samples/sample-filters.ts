/**
 * Which samples a page shows. Names are those of the hub's query; times in ms since 1970, `to` exclusive; confidence of
 * the primary head, 0–1 · ids: these samples, by commas · similarTo: nearest to this sample instead of newest first
 */
export type SampleFilters = {
  readonly source?: "device" | "import";
  readonly device?: string;
  readonly release?: string;
  readonly class?: string;
  readonly labelClass?: string;
  readonly labelled?: boolean;
  readonly unsure?: boolean;
  readonly author?: string;
  readonly reason?: string;
  readonly confidenceAbove?: number;
  readonly confidenceBelow?: number;
  readonly audit?: boolean;
  readonly split?: "train" | "val" | "test";
  readonly set?: string;
  readonly track?: string;
  readonly from?: number;
  readonly to?: number;
  readonly snapshot?: string;
  readonly ids?: string;
  readonly similarTo?: string;
};

/** The name of one filter. */
export type FilterName = keyof SampleFilters;

/** What a page's address carries: filters as text, as people may edit them. */
export type FilterSearch = { readonly [Name in FilterName]?: string };

/** Filters read from an address, and a sentence for each part that could not be read. */
export type ReadFilters = { readonly filters: SampleFilters; readonly notes: readonly string[] };

type Field = {
  /** What a good value is, for the note. */
  readonly expected: string;
  readonly read: (value: unknown) => unknown;
  readonly write: (value: never) => string;
};

const identifierPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

const fields: { readonly [Name in FilterName]-?: Field } = {
  source: oneOf("device", "import"),
  device: matching(identifierPattern, "the name of a device"),
  release: matching(digestPattern, "a digest such as sha256:…"),
  class: text(200),
  labelClass: text(200),
  labelled: yesNo(),
  unsure: yesNo(),
  author: text(200),
  reason: text(64),
  confidenceAbove: share(),
  confidenceBelow: share(),
  audit: yesNo(),
  split: oneOf("train", "val", "test"),
  set: text(256),
  track: text(256),
  from: time(),
  to: time(),
  snapshot: matching(/^[A-Za-z0-9_-]{1,64}$/, "the id of a snapshot"),
  ids: matching(/^(?=.{1,8000}$)[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$/, "ids of samples by commas"),
  similarTo: matching(/^[A-Za-z0-9_]{1,64}$/, "the id of a sample"),
};

/** Every filter's name, in the order in which a page shows them. */
export const filterNames = Object.keys(fields) as readonly FilterName[];

/** Reads filters from an address; a value that makes no sense is ignored and said so. */
export function readFilters(search: Readonly<Record<string, unknown>>): ReadFilters {
  const filters: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const name of filterNames) {
    const value = search[name];
    if (value === undefined || value === "") continue;
    const read = fields[name].read(value);
    if (read === undefined) notes.push(note(name, value));
    else filters[name] = read;
  }
  dropCrossed(filters, "confidenceAbove", "confidenceBelow", notes);
  dropCrossed(filters, "from", "to", notes);
  return { filters, notes };
}

/** Writes filters as an address carries them; times as ISO 8601 in UTC, so that people can read and edit them. */
export function writeFilters(filters: SampleFilters): FilterSearch {
  const search: Partial<Record<FilterName, string>> = {};
  for (const name of filterNames) {
    const value = filters[name];
    // The table pairs each name with a writer of its own type.
    if (value !== undefined) search[name] = fields[name].write(value as never);
  }
  return search;
}

/** Filters as the hub's query takes them. */
export function toQuery({ similarTo: _, ...filters }: SampleFilters): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(filters).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined),
  );
}

/** The same filters without one of them. */
export function withoutFilter(filters: SampleFilters, name: FilterName): SampleFilters {
  return Object.fromEntries(Object.entries(filters).filter(([each]) => each !== name));
}

/** The filters that are set, in showing order. */
export function activeFilters(filters: SampleFilters): readonly FilterName[] {
  return filterNames.filter((name) => filters[name] !== undefined);
}

function note(name: FilterName, value: unknown): string {
  return `The address says ${name}=${String(value).slice(0, 60)}; expected ${fields[name].expected}, so it is ignored.`;
}

function dropCrossed(filters: Record<string, unknown>, low: string, high: string, notes: string[]): void {
  const [from, to] = [filters[low], filters[high]];
  if (typeof from !== "number" || typeof to !== "number" || from < to) return;
  delete filters[low];
  delete filters[high];
  notes.push(`The address gives ${low} and ${high} that leave nothing between them, so both are ignored.`);
}

function text(most: number): Field {
  return {
    expected: `at most ${most} characters`,
    read: (value) => {
      const words = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
      return typeof words === "string" && words.length <= most ? words : undefined;
    },
    write: String,
  };
}

function matching(pattern: RegExp, expected: string): Field {
  const read = (value: unknown) => (pattern.test(String(value)) ? String(value) : undefined);
  return { expected, read, write: String };
}

function oneOf(...options: readonly string[]): Field {
  const read = (value: unknown) => (options.includes(String(value)) ? String(value) : undefined);
  return { expected: `one of ${options.join(", ")}`, read, write: String };
}

function yesNo(): Field {
  const answers: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };
  return {
    expected: "yes or no",
    read: (value) => answers[String(value)],
    write: (value: boolean) => (value ? "yes" : "no"),
  };
}

function share(): Field {
  return {
    expected: "a number from 0 to 1",
    read: (value) => {
      const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
      return number >= 0 && number <= 1 ? number : undefined;
    },
    write: String,
  };
}

function time(): Field {
  return {
    expected: "a time such as 2026-11-25T02:00:00Z",
    read: (value) => {
      const at = typeof value === "number" || /^\d+$/.test(String(value)) ? Number(value) : Date.parse(String(value));
      return Number.isSafeInteger(at) && at >= 0 && at <= 8.64e15 ? at : undefined;
    },
    write: (value: number) => new Date(value).toISOString(),
  };
}
