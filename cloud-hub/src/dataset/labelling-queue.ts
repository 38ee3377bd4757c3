import { seededRandom } from "@fieldloop/compiler/statistics";
import type { Answers } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import { classNamesOf } from "../registry/class-names.ts";
import { type Candidate, type Choice, chooseBroadly, meanOf } from "./breadth.ts";
import { unitOf } from "./labelled-sample.ts";
import type { QueueItem, QueuePage, QueueRequest } from "./queue-page.ts";
import { conditionOf } from "./sample-query.ts";
import { suggestionsOf } from "./suggestion.ts";

type Row = {
  readonly id: string;
  readonly source: string;
  readonly device: string | null;
  readonly track: string | null;
  readonly release: string;
  readonly margin: number | null;
  readonly predictions: Answers;
  readonly embedding: string;
  readonly labelled: boolean;
};

const defaultLimit = 20;
const rowsAtMost = 50_000;
/** From more rows than so many a share is looked at, whole tracks by a hash of their names. */
const lookedAt = 10_000;

/**
 * Device samples most worth an answer: one answer per whole track, broad over tracks (see `chooseBroadly`) within the
 * embedding space of one release, the one with most open tracks. A track that holds an audited frame is never offered.
 */
export async function labellingQueue(hub: Hub, request: QueueRequest): Promise<QueuePage> {
  const rows = await candidateRows(hub, request);
  const space = largestSpace(rows);
  const units = [
    ...Map.groupBy(
      rows.filter((row) => row.release === space),
      unitOf,
    ),
  ];
  const members = new Map(units);
  const isAnswered = (samples: readonly Row[]) => samples.some((row) => row.labelled);
  const open = units.filter(([, samples]) => !isAnswered(samples)).map(toCandidate);
  const answered = units.filter(([, samples]) => isAnswered(samples)).map(toCandidate);
  const limit = request.limit ?? defaultLimit;
  const spread = Math.max(limit, (request.budget ?? limit) - answered.length);
  const chosen = chooseBroadly(open, answered, spread, seededRandom(`labelling ${request.seed ?? 0}`));
  const classes = (await classNamesOf(hub, new Set([space ?? ""]))).get(space ?? "");
  const items = chosen.slice(0, limit).map((choice) => toItem(choice, members.get(choice.candidate.id)!, classes));
  return { items, candidates: open.length };
}

async function candidateRows(hub: Hub, { device, release, from, to }: QueueRequest): Promise<readonly Row[]> {
  const { sql, parameters } = conditionOf(hub.fleet, { device, release, from, to, source: "device" });
  const [size] = await hub.rows<{ count: number }>(
    `select count(*) as count from samples s where ${sql} and s.embedding is not null`,
    parameters,
  );
  const parts = Math.max(1, Math.ceil(Number(size?.count ?? 0) / lookedAt));
  return hub.rows<Row>(
    `select s.id, s.source, s.device, s.track, s.release, s.margin, s.predictions, s.embedding::text as embedding,
       s.is_labelled as labelled
     from samples s where ${sql} and s.embedding is not null and not s.audit and ${noAuditedFrame}
       and abs(hashtext(coalesce(s.track, s.id))) % ${parts} = 0
     order by s.id limit ${rowsAtMost}`,
    parameters,
  );
}

/** Holds for a sample `s` whose track holds no audited frame, so that its track may be offered and trained on. */
export const noAuditedFrame = `not exists (select 1 from samples a where a.fleet = s.fleet and a.source = 'device'
  and a.audit and a.device = s.device and a.track = s.track)`;

function largestSpace(rows: readonly Row[]): string | undefined {
  const open = Map.groupBy(
    rows.filter((row) => !row.labelled),
    (row) => row.release,
  );
  const sizes = [...open].map(([release, members]) => ({ release, units: new Set(members.map(unitOf)).size }));
  return sizes.toSorted((a, b) => b.units - a.units)[0]?.release ?? rows[0]?.release;
}

function toCandidate([id, samples]: readonly [string, readonly Row[]]): Candidate {
  const margins = samples.flatMap((row) => row.margin ?? []);
  const mean = margins.reduce((sum, margin) => sum + margin, 0) / Math.max(1, margins.length);
  const embedding = meanOf(samples.map((row) => ({ embedding: JSON.parse(row.embedding) as number[] })));
  return { id, embedding, uncertainty: 1 - mean };
}

function toItem(
  { candidate, represents, cluster, clusters }: Choice,
  rows: readonly Row[],
  classes: Parameters<typeof suggestionsOf>[1],
): QueueItem {
  const { track, device } = rows[0]!;
  const alike = represents === 1 ? "nothing else looks like it" : `it stands for ${represents} tracks that look alike`;
  return {
    key: track === null ? `sample ${rows[0]!.id}` : `track ${device}/${track}`,
    kind: track === null ? "sample" : "track",
    samples: rows.map((row) => row.id),
    track,
    device,
    suggestions: suggestionsOf(
      rows.map((row) => row.predictions),
      classes,
    ),
    why: `Cluster ${cluster} of ${clusters}: ${alike}; the model leads by ${(1 - candidate.uncertainty).toFixed(2)} on average over its ${rows.length} frames.`,
  };
}
