import { availableParallelism } from "node:os";
import {
  buildTrainingGraph,
  type Components,
  createRandom,
  initialState,
  serializeModel,
  stepInputs,
  type TrainingGraph,
  type TrainingState,
  takeStep,
  trainedComponents,
} from "@fieldloop/compiler";
import { type Engine, engineFingerprint, type LoadedModel, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { type Batches, prepareBatches } from "./batches.ts";
import { checkpointKey, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { replaceFile } from "./durable-file.ts";
import { EventLog, type TrainingEvent } from "./event-log.ts";
import { type Job, jobContract, jobPaths, type ManifestLine, readJob, readManifest } from "./job-directory.ts";
import { learningRateAt } from "./learning-rate.ts";
import { startingModel, writeModel } from "./model-directory.ts";
import { parseRecipe, type Recipe } from "./recipe.ts";
import { readTrainingImages, type TrainingImages } from "./training-images.ts";
import { validate } from "./validation.ts";

/** How a run may be watched and ended. */
export interface TrainControl {
  readonly signal: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  readonly clock?: () => number;
}

interface Run {
  readonly jobDir: string;
  readonly job: Job;
  readonly recipe: Recipe;
  readonly lines: readonly ManifestLine[];
  readonly images: TrainingImages;
  readonly components: Components;
  readonly training: TrainingGraph;
  readonly key: string;
  readonly engine: Engine;
  readonly log: EventLog;
  readonly signal: AbortSignal;
  readonly clock: () => number;
}

/**
 * Trains by the job directory's contract, in this process: `run()` of the engine blocks the thread during every step, so
 * only a child process calls this (see `training-program.ts`). An abort ends after the running step with a checkpoint.
 * @throws {HubError} `bad-recipe`, `bad-image`, `unknown-label`, `run-failed`
 */
export async function train(jobDir: string, control: TrainControl): Promise<"done" | "stopped"> {
  const run = await prepareRun(jobDir, control);
  try {
    const state = await runSteps(run);
    if (state === undefined) return "stopped";
    await finish(run, state);
    return "done";
  } finally {
    await run.engine.close();
  }
}

async function prepareRun(jobDir: string, control: TrainControl): Promise<Run> {
  const clock = control.clock ?? Date.now;
  const log = new EventLog(jobPaths(jobDir).events, clock, control.onEvent ?? (() => {}));
  const job = await readJob(jobDir);
  const recipe = parseRecipe(job.recipe);
  const lines = await readManifest(jobDir, job);
  const images = await readTrainingImages(jobDir, job, lines, recipe.imageSize);
  const { components, freshHeads } = await startingModel(jobDir, job, recipe);
  if (job.base !== undefined && freshHeads.length > 0)
    log.write({ type: "log", step: 0, text: `New heads: ${freshHeads.join(", ")}.` });
  const headWeights = Object.fromEntries(recipe.heads.map(({ name, weight }) => [name, weight ?? 1]));
  const training = buildTrainingGraph(components, {
    batch: recipe.batch,
    optimiser: recipe.optimiser,
    heads: headWeights,
  });
  const engine = await startInlineEngine({ threads: job.threads ?? availableParallelism(), rewriting: "extended" });
  const key = checkpointKey(training, recipe);
  return { jobDir, job, recipe, lines, images, components, training, key, engine, log, clock, signal: control.signal };
}

async function runSteps(run: Run): Promise<TrainingState | undefined> {
  const { recipe, job, training, log } = run;
  const { checkpoint } = jobPaths(run.jobDir);
  const from = job.resume === true ? await readCheckpoint(checkpoint, run.key) : undefined;
  const state = from?.state ?? initialState(run.components, training);
  const batches = prepareBatches(recipe, run.lines, run.images);
  const model = await run.engine.load([{ name: "training-step", bytes: serializeModel(training.graph) }]);
  const losses = new LossReport(run);
  const save = async (step: number) => {
    await writeCheckpoint(checkpoint, run.key, { step, state });
    log.write({ type: "checkpoint", step });
  };
  for (let step = (from?.step ?? 0) + 1; step <= recipe.steps; step++) {
    losses.add(step, await trainStep(model, run, batches, state, step));
    await new Promise(setImmediate);
    if (run.signal.aborted) {
      await save(step);
      log.write({ type: "stopped", step });
      return undefined;
    }
    if (step % recipe.checkpointEvery === 0 && step < recipe.steps) await save(step);
  }
  await model.unload();
  return state;
}

type Losses = Readonly<Record<string, number>>;

async function trainStep(
  model: LoadedModel,
  run: Run,
  batches: Batches,
  state: TrainingState,
  step: number,
): Promise<Losses> {
  const { training, recipe } = run;
  const learningRate = learningRateAt(step, recipe);
  const random = createRandom([recipe.seed, step, 0xd20, 1]);
  const { outputs } = await model.run({
    ...batches.batchOf(step),
    ...stepInputs(training, state, { learningRate, step, random }),
  });
  takeStep(training, state, outputs, recipe.statisticsMomentum);
  const lossOf = (name: string) => outputs[name]!.data[0] as number; // float32, as every output of a training graph
  const names = ["loss", ...recipe.heads.map(({ name }) => `loss.${name}`)];
  return Object.fromEntries(names.map((name) => [name, lossOf(name)]));
}

/** Reports mean losses and speed every few steps. */
class LossReport {
  readonly #run: Run;
  #sums: Record<string, number> = {};
  #count = 0;
  #since: number;

  constructor(run: Run) {
    this.#run = run;
    this.#since = run.clock();
  }

  add(step: number, losses: Losses): void {
    for (const [name, loss] of Object.entries(losses)) this.#sums[name] = (this.#sums[name] ?? 0) + loss;
    this.#count++;
    const { recipe, log } = this.#run;
    if (step % recipe.reportEvery !== 0 && step !== recipe.steps) return;
    log.write({ type: "metrics", step, values: { ...this.#means(), learningRate: learningRateAt(step, recipe) } });
    log.write({ type: "progress", step, values: { steps: recipe.steps, stepsPerSecond: this.#speed() } });
    this.#sums = {};
    this.#count = 0;
    this.#since = this.#run.clock();
  }

  #means(): Losses {
    return Object.fromEntries(Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#count]));
  }

  #speed(): number {
    return (1000 * this.#count) / Math.max(1, this.#run.clock() - this.#since);
  }
}

async function finish(run: Run, state: TrainingState): Promise<void> {
  const { recipe, log, training } = run;
  const paths = jobPaths(run.jobDir);
  const trained = trainedComponents(run.components, training, state);
  const accuracies = await validate(run.engine, trained, recipe, run.lines, run.images);
  await writeModel(paths.model, trained, recipe);
  const result = {
    contract: jobContract,
    steps: recipe.steps,
    seed: recipe.seed,
    engine: { name: "onnx", provider: "cpu", ...engineFingerprint() },
    trainSamples: run.lines.filter((line) => line.split === "train").length,
    validation: accuracies,
  };
  await replaceFile(paths.result, [JSON.stringify(result, undefined, 2)]);
  const values = Object.fromEntries(
    Object.entries(accuracies).map(([name, { accuracy }]) => [`accuracy.${name}`, accuracy]),
  );
  log.write({ type: "done", step: recipe.steps, values });
}
