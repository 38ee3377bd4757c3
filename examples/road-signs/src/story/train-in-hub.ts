import type { HubClient } from "@fieldloop/cloud-hub";
import { ExampleError } from "../errors.ts";
import type { Progress } from "../terminal/progress.ts";
import { modelName, type Recipes } from "./story.ts";

/** What a training of the hub brought. */
export type Trained = { readonly version: string; readonly loss: number };

/**
 * Starts a run, follows it with its loss, and gives back the version that came of it.
 * @throws {ExampleError} `step-failed` with the run's own sentence
 */
export async function trainInHub(
  client: HubClient,
  run: { readonly snapshot: string; readonly base?: string; readonly recipe: Recipes["first"]; readonly seed: number },
  progress: Progress,
): Promise<Trained> {
  const started = await client.startRun({ model: modelName, ...run });
  let loss = Number.NaN;
  const finished = await client.waitForRun(started.run, ({ kind, body }) => {
    const values = body.values as { loss?: number } | undefined; // of the trainer's metrics events
    if (kind !== "metrics" || typeof values?.loss !== "number") return;
    loss = values.loss;
    progress.show(Number(body.step), run.recipe.steps ?? 0, `loss ${loss.toFixed(3)}`);
  });
  if (finished.version === null) {
    throw new ExampleError(
      "step-failed",
      finished.error ?? `Expected run ${started.run} to end with a version, it ended ${finished.state}.`,
    );
  }
  return { version: finished.version, loss };
}

/** Compiles a version into its variants. @throws {ExampleError} `step-failed` with the job's own sentence */
export async function compileInHub(client: HubClient, version: string, progress: Progress): Promise<void> {
  const { job } = await client.compile(version);
  const ended = await client.waitForJob(job, ({ progress: share }) => progress.show(Math.round(share * 100), 100, "%"));
  if (ended.state !== "done") {
    throw new ExampleError("step-failed", ended.error ?? `Expected compiling to be done, it ended ${ended.state}.`);
  }
}
