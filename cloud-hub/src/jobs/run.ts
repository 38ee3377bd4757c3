import { randomUUID } from "node:crypto";
import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { getSnapshot } from "../dataset/snapshot.ts";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { getVersion } from "../registry/version.ts";
import { parseRecipe } from "../training/recipe.ts";

/** A training to start. base: the version whose weights are the start · recipe: hyperparameters, by the trainer's schema */
export const NewRunSchema = Type.Object({
  model: IdentifierSchema,
  snapshot: Type.String({ maxLength: 64 }),
  base: Type.Optional(DigestSchema),
  recipe: Type.Record(Type.String(), Type.Unknown()),
  seed: Type.Integer({ minimum: 0 }),
});
export type NewRun = Static<typeof NewRunSchema>;

/** One training. version: what came of it, once it is done */
export const RunSchema = Type.Object({
  id: Type.String(),
  model: Type.String(),
  snapshot: Type.String(),
  base: Type.Union([Type.String(), Type.Null()]),
  recipe: Type.Record(Type.String(), Type.Unknown()),
  seed: Type.Integer(),
  state: Type.Enum(["waiting", "running", "done", "failed", "cancelled"]),
  version: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.Integer(),
  startedAt: Type.Union([Type.Integer(), Type.Null()]),
  finishedAt: Type.Union([Type.Integer(), Type.Null()]),
});
export type Run = Static<typeof RunSchema>;

/** One event of a run's program, as it wrote it. text: what a person reads */
export const RunEventSchema = Type.Object({
  seq: Type.Integer(),
  at: Type.Integer(),
  kind: Type.String(),
  body: Type.Record(Type.String(), Type.Unknown()),
  text: Type.String(),
});
export type RunEvent = Static<typeof RunEventSchema>;
export const RunEventPageSchema = Type.Object({ events: Type.Array(RunEventSchema) });
export type RunEventPage = Static<typeof RunEventPageSchema>;

const eventsAtMost = 1000;

/** Queues a training. by: who asks @throws {HubError} `not-found`, `bad-recipe` */
export async function startRun(
  hub: Hub,
  request: NewRun,
  by: string | null = null,
): Promise<{ run: string; job: string }> {
  await getSnapshot(hub, request.snapshot);
  parseRecipe({ ...request.recipe, seed: request.seed });
  if (request.base !== undefined) await requireSameModel(hub, request.base, request.model);
  const suffix = randomUUID().replaceAll("-", "").slice(0, 20);
  const [run, job] = [`r_${suffix}`, `j_${suffix}`];
  const { model, snapshot, base = null, recipe, seed } = request;
  await hub.decide("run", `run ${run}`, {
    id: run,
    job,
    model,
    snapshot,
    base,
    recipe,
    seed,
    createdAt: hub.clock(),
    by,
  });
  hub.wakeWorker();
  return { run, job };
}

async function requireSameModel(hub: Hub, base: string, model: string): Promise<void> {
  const version = await getVersion(hub, base);
  if (version.model === model) return;
  throw new HubError(
    "bad-recipe",
    `Expected a base version of model ${model}, got one of ${version.model}; train from one of its own.`,
  );
}

/** One run. @throws {HubError} `not-found` */
export async function getRun(hub: Hub, id: string): Promise<Run> {
  const [row] = await hub.rows<Run>(
    `select id, model, snapshot, base, recipe, seed, state, version, error, created_at as "createdAt",
       started_at as "startedAt", finished_at as "finishedAt"
     from runs where fleet = $1 and id = $2`,
    [hub.fleet, id],
  );
  if (row === undefined) throw new HubError("not-found", `Expected a run of this fleet, found none with id ${id}.`);
  const [createdAt = 0, startedAt = null, finishedAt = null] = [row.createdAt, row.startedAt, row.finishedAt].map(
    (at) => (at === null ? null : Number(at)),
  );
  return { ...row, seed: Number(row.seed), createdAt: createdAt ?? 0, startedAt, finishedAt };
}

/** The events of a run after a number, oldest first. */
export async function readRunEvents(hub: Hub, id: string, after: number): Promise<RunEventPage> {
  const rows = await hub.rows<Omit<RunEvent, "text">>(
    `select number as seq, at, kind, body from run_events where fleet = $1 and run = $2 and number > $3
     order by number limit ${eventsAtMost}`,
    [hub.fleet, id, after],
  );
  return {
    events: rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at), text: textOf(row.kind, row.body) })),
  };
}

function textOf(kind: string, body: Readonly<Record<string, unknown>>): string {
  const { step, values, message } = body;
  const numbers = Object.entries((values as Record<string, unknown> | undefined) ?? {})
    .map(
      ([name, value]) => `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : JSON.stringify(value)}`,
    )
    .join(", ");
  return [kind, step === undefined ? "" : `step ${String(step)}`, numbers, typeof message === "string" ? message : ""]
    .filter((part) => part !== "")
    .join(" · ");
}

/** Adds events to a run, in order; a number that is there already stays. */
export async function addRunEvents(
  hub: Hub,
  run: string,
  events: readonly { readonly seq: number; readonly kind: string; readonly body: object }[],
): Promise<void> {
  for (const { seq, kind, body } of events) {
    await hub.rows(
      `insert into run_events (fleet, run, number, at, kind, body) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      [hub.fleet, run, seq, hub.clock(), kind, JSON.stringify(body)],
    );
  }
  hub.changed("runs");
}

/** Marks a run as begun; what a program wrote before a crash is forgotten, since it begins again. */
export async function markRunning(hub: Hub, run: string): Promise<void> {
  await hub.rows("delete from run_events where fleet = $1 and run = $2", [hub.fleet, run]);
  await hub.rows("update runs set state = 'running', started_at = $3 where fleet = $1 and id = $2", [
    hub.fleet,
    run,
    hub.clock(),
  ]);
  hub.changed("runs");
}
