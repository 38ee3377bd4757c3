import { queryOptions } from "@tanstack/react-query";
import { get, post } from "../../api/hub.ts";

/** What may be answered, by head, the primary one first, and who answered so far. */
export type LabelHeads = {
  readonly heads: readonly { readonly head: string; readonly classes: readonly string[] }[];
  readonly authors: readonly string[];
};

/** Heads, their classes and the authors of labels. */
export const headsQuery = queryOptions({
  queryKey: ["runs", "heads"],
  queryFn: ({ signal }) => get<LabelHeads>("/v1/labels/heads", {}, signal),
});

/** One row of a sample's label history. state `withdrawn`: taken back · holds: whether it holds now */
export type LabelRow = {
  readonly id: string;
  readonly sample: string | null;
  readonly track: string | null;
  readonly head: string;
  readonly class: string;
  readonly state: "answered" | "unsure" | "withdrawn";
  readonly author: string;
  readonly kind: "human" | "machine";
  readonly suggestion: string | null;
  readonly undoes: string | null;
  readonly at: number;
  readonly holds: boolean;
};

/** Every label that was ever given for a sample, newest first. */
export async function fetchHistory(sample: string, signal: AbortSignal): Promise<readonly LabelRow[]> {
  return (await get<{ labels: LabelRow[] }>("/v1/labels", { sample }, signal)).labels;
}

/** Gives samples labels of the person who is signed in. */
export function postLabels(
  items: readonly { readonly sample: string; readonly head: string; readonly class: string }[],
): Promise<{ readonly recorded: number }> {
  return post("/v1/labels", { items });
}
