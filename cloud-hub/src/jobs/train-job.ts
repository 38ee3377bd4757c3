import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { getSnapshot, type Snapshot, snapshotMembers } from "../dataset/snapshot.ts";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { registerVersion } from "../registry/register.ts";
import { getVersion } from "../registry/version.ts";
import type { TrainingEvent } from "../training/event-log.ts";
import { jobPaths } from "../training/job-directory.ts";
import { parseRecipe } from "../training/recipe.ts";
import { runTrainingJob } from "../training/training-job.ts";
import type { JobHandler } from "./job-handler.ts";
import { addRunEvents, getRun, markRunning, type Run } from "./run.ts";

/** The share of a training job's progress that its steps are; the rest is registering what came of them. */
const stepsShare = 0.95;

/**
 * Trains in a process of its own by the job directory's contract, then registers the version. After a crash of the hub it
 * goes on from the last checkpoint.
 */
export const trainJob: JobHandler = async (hub, job, { signal, onProgress }) => {
  const run = await getRun(hub, String(job.payload.run));
  try {
    const snapshot = await getSnapshot(hub, run.snapshot);
    const folder = join(hub.dataDir, "jobs", job.id);
    await prepare(hub, run, snapshot, folder);
    await markRunning(hub, run.id);
    const events = eventWriter(hub, run.id);
    const ended = await runTrainingJob(folder, {
      signal,
      onEvent: (event) => {
        events.add(event);
        const steps = event.values?.steps;
        if (event.type === "progress" && steps !== undefined) onProgress((stepsShare * event.step) / steps);
      },
    });
    await events.done();
    if (ended === "stopped") throw new HubError("run-failed", "The training was stopped.");
    const version = await registerVersion(hub, run, snapshot, folder);
    await hub.decide("run-ended", `run-ended ${run.id}`, {
      run: run.id,
      state: "done",
      version,
      error: null,
      at: hub.clock(),
    });
    await rm(folder, { recursive: true, force: true });
    return { version };
  } catch (error) {
    if (!hub.isClosing()) {
      const state = signal.aborted ? "cancelled" : "failed";
      const message = error instanceof Error ? error.message : String(error);
      await hub.decide("run-ended", `run-ended ${run.id}`, {
        run: run.id,
        state,
        version: null,
        error: message,
        at: hub.clock(),
      });
    }
    throw error;
  }
};

async function prepare(hub: Hub, run: Run, snapshot: Snapshot, folder: string): Promise<void> {
  const paths = jobPaths(folder);
  const resume = existsSync(paths.checkpoint);
  if (!resume) await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(paths.manifest), { recursive: true });
  const members = await snapshotMembers(hub, snapshot);
  const lines = members.map(({ sample, blob, labels, split, role, machine }) =>
    JSON.stringify({ sample, blob, labels, split, role, ...(machine ? { tags: ["machine-label"] } : {}) }),
  );
  await writeFile(paths.manifest, `${lines.join("\n")}\n`);
  const base = run.base === null ? undefined : await writeBase(hub, run.base, folder);
  const recipe = parseRecipe({ ...run.recipe, seed: run.seed });
  const threads = trainingThreads();
  await writeFile(
    paths.job,
    JSON.stringify({ contract: 1, recipe, blobs: resolve(hub.dataDir, "blobs"), base, resume, threads }),
  );
}

/** All cores, unless there are many: one is left to the hub then. */
function trainingThreads(): number {
  const cores = availableParallelism();
  return cores > 2 ? cores - 1 : cores;
}

async function writeBase(hub: Hub, id: string, folder: string) {
  const { components } = await getVersion(hub, id);
  const heads: Record<string, string> = {};
  let backbone = "";
  await mkdir(join(folder, "input", "base"), { recursive: true });
  for (const { name, role, canonical } of components) {
    const path = join("input", "base", `${name}.onnx`);
    await writeFile(join(folder, path), await hub.readBlob(canonical.digest));
    if (role === "backbone") backbone = path;
    else heads[name] = path;
  }
  return { backbone, heads };
}

/** Writes events to the table in order; the program that sends them never waits for it. */
function eventWriter(hub: Hub, run: string) {
  let number = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    add(event: TrainingEvent): void {
      number += 1;
      const seq = number;
      const { type, step, values, text } = event;
      const body = {
        step,
        ...(values === undefined ? {} : { values }),
        ...(text === undefined ? {} : { message: text }),
      };
      writing = writing.then(() => addRunEvents(hub, run, [{ seq, kind: type, body }])).catch(() => undefined);
    },
    done: () => writing,
  };
}
