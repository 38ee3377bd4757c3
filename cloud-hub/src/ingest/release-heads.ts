import type { ReleaseManifest, SamplingPolicy } from "@fieldloop/devices";
import type { SqlSession } from "../storage/db.ts";

/** The heads of a release, the primary one first, each with its class names by index. */
export type ReleaseHeads = readonly { readonly name: string; readonly classes: readonly string[] }[];

const mostKept = 256;

type Known = { readonly heads: ReleaseHeads; readonly audit: SamplingPolicy["audit"] | undefined };

/** What releases call their classes and how they audit, read from the tables once per release. */
export class ReleaseHeadsCache {
  readonly #known = new Map<string, Known>();

  /** The heads of those of the releases that a fleet has. */
  async read(
    session: SqlSession,
    fleet: string,
    releases: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ReleaseHeads>> {
    return this.#each(session, fleet, releases, ({ heads }) => heads);
  }

  /** The audit policies of those of the releases that a fleet has. */
  async policies(
    session: SqlSession,
    fleet: string,
    releases: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, SamplingPolicy["audit"]>> {
    return this.#each(session, fleet, releases, ({ audit }) => audit);
  }

  async #each<T>(
    session: SqlSession,
    fleet: string,
    releases: ReadonlySet<string>,
    read: (known: Known) => T | undefined,
  ): Promise<ReadonlyMap<string, T>> {
    const found = new Map<string, T>();
    for (const release of releases) {
      const known = this.#known.get(`${fleet} ${release}`) ?? (await this.#load(session, fleet, release));
      const value = known === undefined ? undefined : read(known);
      if (value !== undefined) found.set(release, value);
    }
    return found;
  }

  async #load(session: SqlSession, fleet: string, release: string): Promise<Known | undefined> {
    const { rows } = await session.query<{ manifest: ReleaseManifest }>(
      "select manifest from releases where fleet = $1 and digest = $2",
      [fleet, release],
    );
    if (rows[0] === undefined) return undefined;
    const { manifest } = rows[0];
    const known = { heads: headsOf(manifest), audit: manifest.policy?.audit };
    if (this.#known.size >= mostKept) this.#known.clear();
    this.#known.set(`${fleet} ${release}`, known);
    return known;
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
