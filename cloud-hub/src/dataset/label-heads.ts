import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { knownClasses } from "./label.ts";

/** What may be answered, by head in the order of its newest version's outputs, and who answered so far. */
export const LabelHeadsSchema = Type.Object({
  heads: Type.Array(Type.Object({ head: Type.String(), classes: Type.Array(Type.String()) })),
  authors: Type.Array(Type.String()),
});
export type LabelHeads = Static<typeof LabelHeadsSchema>;

type Component = { readonly name: string; readonly role: string; readonly classes?: readonly string[] };

/** The heads that labels are for, the primary one first; classes beyond the newest version's come last. */
export async function readLabelHeads(hub: Hub): Promise<LabelHeads> {
  const known = await knownClasses(hub);
  const [version] = await hub.rows<{ components: readonly Component[] }>(
    "select components from versions where fleet = $1 order by created_at desc limit 1",
    [hub.fleet],
  );
  const trained = (version?.components ?? []).filter(({ role }) => role === "head");
  const names = [...new Set([...trained.map(({ name }) => name), ...[...known.keys()].sort()])];
  const heads = names.map((head) => {
    const ordered = trained.find(({ name }) => name === head)?.classes ?? [];
    const others = [...(known.get(head) ?? [])].filter((name) => !ordered.includes(name)).sort();
    return { head, classes: [...ordered, ...others] };
  });
  const authors = await hub.rows<{ author: string }>(
    "select distinct author from sample_labels where fleet = $1 order by author limit 1000",
    [hub.fleet],
  );
  return { heads, authors: authors.map(({ author }) => author) };
}
