/** What the labelling page's address carries. kind: which queue · head: what is asked about, the first one unless given */
export type LabellingSearch = {
  readonly kind?: "labelling" | "audit";
  readonly head?: string;
  readonly device?: string;
  readonly release?: string;
};

/** Keeps what makes sense of an address. */
export function readLabellingSearch(search: Readonly<Record<string, unknown>>): LabellingSearch {
  const text = (name: string) => (typeof search[name] === "string" && search[name] !== "" ? search[name] : undefined);
  return {
    kind: search.kind === "audit" ? "audit" : undefined,
    head: text("head"),
    device: text("device"),
    release: text("release"),
  };
}
