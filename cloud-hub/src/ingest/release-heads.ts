import type { ReleaseManifest } from "@fieldloop/devices";
import type { SqlSession } from "../storage/db.ts";

/** The heads of a release, the primary one first, each with its class names by index. */
export type ReleaseHeads = readonly { readonly name: string; readonly classes: readonly string[] }[];

const mostKept = 256;

/** What releases call their classes, read from the tables once per release. */
export class ReleaseHeadsCache {
  readonly #known = new Map<string, ReleaseHeads>();

  /** The heads of those of the releases that a fleet has. */
  async read(
    session: SqlSession,
    fleet: string,
    releases: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ReleaseHeads>> {
    const found = new Map<string, ReleaseHeads>();
    for (const release of releases) {
      const heads = this.#known.get(`${fleet} ${release}`) ?? (await this.#load(session, fleet, release));
      if (heads !== undefined) found.set(release, heads);
    }
    return found;
  }

  async #load(session: SqlSession, fleet: string, release: string): Promise<ReleaseHeads | undefined> {
    const { rows } = await session.query<{ manifest: ReleaseManifest }>(
      "select manifest from releases where fleet = $1 and digest = $2",
      [fleet, release],
    );
    if (rows[0] === undefined) return undefined;
    const heads = headsOf(rows[0].manifest);
    if (this.#known.size >= mostKept) this.#known.clear();
    this.#known.set(`${fleet} ${release}`, heads);
    return heads;
  }
}

function headsOf({ pipeline, components }: ReleaseManifest): ReleaseHeads {
  const step = pipeline.find((each) => each.kind === "heads");
  const heads = components.filter(({ role }) => role === "head");
  const order = step?.kind === "heads" ? step.components : heads.map(({ name }) => name);
  return order
    .flatMap((name) => heads.filter((head) => head.name === name))
    .map(({ name, classes }) => ({ name, classes: classes ?? [] }));
}
