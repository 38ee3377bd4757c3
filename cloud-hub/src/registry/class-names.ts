import type { Hub } from "../hub-parts.ts";
import { getRelease } from "./release.ts";

/** Class names by head, in the order of the head's outputs. */
export type ClassNames = Readonly<Record<string, readonly string[]>>;

/** The class names of releases, by digest; digests that are no release of this fleet are left out. */
export async function classNamesOf(hub: Hub, releases: ReadonlySet<string>): Promise<Map<string, ClassNames>> {
  const names = new Map<string, ClassNames>();
  for (const digest of releases) {
    if (digest === "") continue;
    const release = await getRelease(hub, digest).catch(() => undefined);
    if (release === undefined) continue;
    const heads = release.manifest.components.filter((component) => component.role === "head");
    names.set(digest, Object.fromEntries(heads.map(({ name, classes }) => [name, classes ?? []])));
  }
  return names;
}
