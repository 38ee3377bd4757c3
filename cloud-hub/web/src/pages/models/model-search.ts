/** What a version's address carries. evaluation: the newest unless given · head: the first unless given */
export type VersionSearch = { readonly evaluation?: string; readonly head?: string };

/** Which versions are compared, and by which evaluation. */
export type CompareSearch = { readonly before?: string; readonly after?: string; readonly evaluation?: string };

/** Keeps what makes sense of a version's address. */
export function readVersionSearch(search: Readonly<Record<string, unknown>>): VersionSearch {
  return { evaluation: textAt(search, "evaluation"), head: textAt(search, "head") };
}

/** Keeps what makes sense of a comparison's address. */
export function readCompareSearch(search: Readonly<Record<string, unknown>>): CompareSearch {
  return {
    before: textAt(search, "before"),
    after: textAt(search, "after"),
    evaluation: textAt(search, "evaluation"),
  };
}

function textAt(search: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = search[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
