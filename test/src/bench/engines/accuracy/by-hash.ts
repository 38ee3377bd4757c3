import { createHash } from "node:crypto";

/** The first `count` of some things in the order of their names' hashes, and the rest in the order given. */
export function splitByHash<T>(
  things: readonly T[],
  count: number,
  nameOf: (thing: T) => string,
): { readonly chosen: readonly T[]; readonly rest: readonly T[] } {
  const hash = (thing: T) => createHash("sha256").update(nameOf(thing)).digest("hex");
  const hashes = new Map(things.map((thing) => [thing, hash(thing)]));
  const ordered = things.toSorted((left, right) => (hashes.get(left)! < hashes.get(right)! ? -1 : 1));
  const chosen = new Set(ordered.slice(0, count));
  return { chosen: [...chosen], rest: things.filter((thing) => !chosen.has(thing)) };
}
