import { HubError } from "../errors.ts";
import type { GateVerdict } from "../evaluation/gate.ts";
import type { Hub } from "../hub-parts.ts";
import type { Release } from "../registry/release.ts";

type Verdict = { readonly incumbent: string; readonly passed: boolean; readonly sentence: string };

/**
 * Refuses a release whose version has not shown that it may replace what devices run: it passed its gate against the
 * version that most of them run, is that very version, or a person accepted it with a reason. A first release, with nothing
 * to replace, needs the hub's own judgement on old validation samples.
 * @throws {HubError} `not-accepted`
 */
export async function requireProven(hub: Hub, release: Release, previous: readonly (string | null)[]): Promise<void> {
  if (release.manifest.accepted !== undefined) return;
  const incumbent = await mostRunVersion(hub, previous);
  if (incumbent === release.version) return;
  if (incumbent === undefined) return requireJudged(hub, release);
  const verdict = await newestGate(hub, release.version, incumbent);
  if (verdict?.passed === true) return;
  const what =
    verdict === undefined
      ? `no gate has compared version ${brief(release.version)} with ${brief(incumbent)}, which the group runs`
      : `version ${brief(release.version)} did not pass its gate against ${brief(incumbent)}: ${verdict.sentence}`;
  throw notAccepted(what, `"fieldloop evaluate ${brief(incumbent)}… ${brief(release.version)}… --gate" asks the gate`);
}

async function mostRunVersion(hub: Hub, previous: readonly (string | null)[]): Promise<string | undefined> {
  const releases = previous.filter((each) => each !== null);
  if (releases.length === 0) return undefined;
  const rows = await hub.rows<{ digest: string; version: string }>(
    "select digest, version from releases where fleet = $1 and digest = any($2::text[])",
    [hub.fleet, [...new Set(releases)]],
  );
  const versions = new Map(rows.map(({ digest, version }) => [digest, version]));
  const groups = Map.groupBy(releases, (digest) => versions.get(digest) ?? digest);
  return [...groups].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0]?.[0];
}

async function newestGate(hub: Hub, candidate: string, incumbent: string): Promise<Verdict | undefined> {
  const [row] = await hub.rows<{ figures: GateVerdict }>(
    `select figures from evaluations where fleet = $1 and query -> 'gate' ->> 'candidate' = $2
       and query -> 'gate' ->> 'incumbent' = $3 order by created_at desc limit 1`,
    [hub.fleet, candidate, incumbent],
  );
  if (row === undefined) return undefined;
  const { passed, rules } = row.figures;
  return { incumbent, passed, sentence: rules.find((rule) => !rule.passed)?.sentence ?? "" };
}

async function requireJudged(hub: Hub, { version }: Release): Promise<void> {
  const [row] = await hub.rows<{ judged: boolean }>(
    `select coalesce(metrics -> 'validation', '{}'::jsonb) <> '{}'::jsonb as judged from versions where fleet = $1 and id = $2`,
    [hub.fleet, version],
  );
  if (row?.judged === true) return;
  throw notAccepted(
    `version ${brief(version)} was never judged on validation samples`,
    "train it on a snapshot that has some",
  );
}

function notAccepted(what: string, how: string): HubError {
  return new HubError(
    "not-accepted",
    `Expected a release that passed its gate or that somebody accepted, but ${what}; ${how}, or "fieldloop release create --accept REASON" takes the blame.`,
  );
}

const brief = (digest: string): string => digest.replace("sha256:", "").slice(0, 12);
