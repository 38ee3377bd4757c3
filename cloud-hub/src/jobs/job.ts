import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";

/** Queued work. progress: 0–1 · attempts: how often it was begun, more than once after a crash */
export const JobSchema = Type.Object({
  id: Type.String(),
  kind: Type.Enum(["train", "compile"]),
  state: Type.Enum(["waiting", "running", "done", "failed", "cancelled"]),
  payload: Type.Record(Type.String(), Type.Unknown()),
  attempts: Type.Integer(),
  progress: Type.Number(),
  error: Type.Union([Type.String(), Type.Null()]),
  result: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  createdAt: Type.Integer(),
});
export type Job = Static<typeof JobSchema>;

const columns = `id, kind, state, payload, attempts, progress, error, result, created_at as "createdAt"`;

/** How long a worker holds a job without renewing it. */
export const leaseMs = 30_000;
/** A job that took its hub down this often is given up. */
export const attemptsAtMost = 3;

/** One job. @throws {HubError} `not-found` */
export async function getJob(hub: Hub, id: string): Promise<Job> {
  const [row] = await hub.rows<Job>(`select ${columns} from jobs where fleet = $1 and id = $2`, [hub.fleet, id]);
  if (row !== undefined) return fromRow(row);
  throw new HubError("not-found", `Expected a job of this fleet, found none with id ${id}.`);
}

/** Asks a job to stop: a queued one never begins, a running one is told. */
export async function cancelJob(hub: Hub, id: string): Promise<Job> {
  await getJob(hub, id);
  await hub.rows(
    `update jobs set cancel_requested = true, updated_at = $3,
       state = case when state = 'waiting' then 'cancelled' else state end
     where fleet = $1 and id = $2 and state in ('waiting', 'running')`,
    [hub.fleet, id, hub.clock()],
  );
  hub.wakeWorker();
  return getJob(hub, id);
}

/** Takes the oldest job that waits, or whose lease ran out, for `leaseMs`. */
export async function claimJob(hub: Hub): Promise<Job | undefined> {
  const now = hub.clock();
  const [row] = await hub.rows<Job>(
    `update jobs set state = 'running', attempts = attempts + 1, lease_until = $2, updated_at = $3
     where fleet = $1 and id = (
       select id from jobs where fleet = $1 and (state = 'waiting' or (state = 'running' and lease_until < $3))
       order by created_at, id limit 1 for update skip locked)
     returning ${columns}`,
    [hub.fleet, now + leaseMs, now],
  );
  return row === undefined ? undefined : fromRow(row);
}

/** Renews a job's lease and tells its progress; answers whether it shall stop. */
export async function renewJob(hub: Hub, id: string, progress: number): Promise<{ readonly mustStop: boolean }> {
  const [row] = await hub.rows<{ cancel: boolean }>(
    `update jobs set lease_until = $3, progress = $4, updated_at = $5 where fleet = $1 and id = $2 and state = 'running'
     returning cancel_requested as cancel`,
    [hub.fleet, id, hub.clock() + leaseMs, progress, hub.clock()],
  );
  return { mustStop: row?.cancel ?? true };
}

/** Writes down how a job ended. */
export async function endJob(
  hub: Hub,
  id: string,
  end: { readonly state: "done" | "failed" | "cancelled"; readonly error?: string; readonly result?: object },
): Promise<void> {
  await hub.rows(
    `update jobs set state = $3, error = $4, result = $5, updated_at = $6, lease_until = null,
       progress = case when $3 = 'done' then 1 else progress end
     where fleet = $1 and id = $2`,
    [
      hub.fleet,
      id,
      end.state,
      end.error ?? null,
      end.result === undefined ? null : JSON.stringify(end.result),
      hub.clock(),
    ],
  );
  hub.changed("runs");
}

/** Frees the jobs that a hub which is gone was working on; the data folder's lock says that no other one works. */
export async function freeOrphans(hub: Hub): Promise<void> {
  await hub.rows("update jobs set state = 'waiting', lease_until = null where fleet = $1 and state = 'running'", [
    hub.fleet,
  ]);
}

const fromRow = (row: Job): Job => ({ ...row, createdAt: Number(row.createdAt), progress: Number(row.progress ?? 0) });
