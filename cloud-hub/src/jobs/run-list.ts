import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { getRun, RunSchema } from "./run.ts";

/** A training as lists show it. progress: 0–1 of its job, null without one · createdBy: who asked for it */
export const ListedRunSchema = Type.Object({
  ...RunSchema.properties,
  progress: Type.Union([Type.Number(), Type.Null()]),
  createdBy: Type.Union([Type.String(), Type.Null()]),
  job: Type.Union([Type.String(), Type.Null()]),
});
export type ListedRun = Static<typeof ListedRunSchema>;

const defaultLimit = 100;

/** Trainings, newest first. */
export async function listRuns(hub: Hub, limit: number = defaultLimit): Promise<ListedRun[]> {
  const rows = await hub.rows<ListedRun>(
    `select r.id, r.model, r.snapshot, r.base, r.recipe, r.seed, r.state, r.version, r.error, r.created_at as "createdAt",
       r.started_at as "startedAt", r.finished_at as "finishedAt", r.created_by as "createdBy", j.id as job, j.progress
     from runs r left join lateral (
       select id, progress from jobs j where j.fleet = r.fleet and j.kind = 'train' and j.payload ->> 'run' = r.id
       order by created_at desc limit 1) j on true
     where r.fleet = $1 order by r.created_at desc, r.id limit $2`,
    [hub.fleet, limit],
  );
  return [...rows];
}

/** One number of a run over its steps. */
const SeriesSchema = Type.Object({
  name: Type.String(),
  steps: Type.Array(Type.Integer()),
  values: Type.Array(Type.Number()),
});
export const RunCurvesSchema = Type.Object({ state: RunSchema.properties.state, series: Type.Array(SeriesSchema) });
export type RunCurves = Static<typeof RunCurvesSchema>;

const pointsAtMost = 600;

/** What a run's program reported by step, thinned so that a curve has at most 600 points; the last one is always there. */
export async function readRunCurves(hub: Hub, id: string): Promise<RunCurves> {
  const { state } = await getRun(hub, id);
  const rows = await hub.rows<{ step: number; values: Readonly<Record<string, unknown>> }>(
    `with points as (
       select (body ->> 'step')::int8 as step, body -> 'values' as values, row_number() over (order by number) as n,
         count(*) over () as total
       from run_events where fleet = $1 and run = $2 and body ? 'step' and jsonb_typeof(body -> 'values') = 'object')
     select step, values from points where n = total or n % ceil(total / ${pointsAtMost}.0)::int8 = 0 order by n`,
    [hub.fleet, id],
  );
  return { state, series: seriesOf(rows) };
}

function seriesOf(rows: readonly { step: number; values: Readonly<Record<string, unknown>> }[]): RunCurves["series"] {
  const series = new Map<string, RunCurves["series"][number]>();
  for (const { step, values } of rows) {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== "number" || !Number.isFinite(value) || name === "steps") continue;
      const known = series.get(name) ?? { name, steps: [], values: [] };
      series.set(name, known);
      known.steps.push(Number(step));
      known.values.push(value);
    }
  }
  return [...series.values()];
}
