import type { ReleaseManifest } from "@fieldloop/devices";
import type { LoadedModel } from "../engine/engine.ts";
import { EdgeRuntimeError } from "../errors.ts";
import type { Plan } from "../pipeline/plan.ts";
import { ReleaseRefusal } from "./refusal.ts";
import type { ReleaseEngine, ServingEngine } from "./release-engine.ts";
import type { ReleaseParts } from "./release-parts.ts";

/** What a release answers to one image. */
export interface ReleaseAnswer {
  readonly embedding: Float32Array;
  /** Raw logits per head, in class order. */
  readonly logits: Readonly<Record<string, Float32Array>>;
  /** Microseconds spent in the engine itself. */
  readonly runUs: number;
}

/** A release that runs. A frame acquires it, runs, and releases it; it is unloaded once replaced and no longer in use. */
export interface LoadedRelease {
  readonly digest: string;
  /** The number of the desired state that asked for it. */
  readonly number: number;
  readonly manifest: ReleaseManifest;
  readonly plan: Plan;
  /**
   * Runs backbone and heads on one preprocessed image.
   * image: RGB rows of the plan's size (HWC)
   * @throws {EdgeRuntimeError} `bad-input`, `run-failed`, `run-timeout`, `engine-crashed`, `engine-busy`, `memory-exceeded`
   */
  run(image: Uint8Array): Promise<ReleaseAnswer>;
  acquire(): void;
  release(): void;
}

/** A loaded release as its store sees it: it can be retired. */
export class HeldRelease implements LoadedRelease {
  readonly digest: string;
  number: number;
  readonly manifest: ReleaseManifest;
  readonly plan: Plan;
  readonly #engine: ReleaseEngine;
  readonly #onAnswer: () => void;
  #users = 0;
  #unused: (() => void) | undefined;

  constructor(parts: ReleaseParts, number: number, engine: ReleaseEngine, onAnswer: () => void = () => undefined) {
    this.digest = parts.digest;
    this.number = number;
    this.manifest = parts.manifest;
    this.plan = parts.plan;
    this.#engine = engine;
    this.#onAnswer = onAnswer;
  }

  async run(image: Uint8Array): Promise<ReleaseAnswer> {
    const answer = await answerOf(this.plan, this.#engine, image);
    this.#onAnswer();
    return answer;
  }

  /** What runs it now. */
  serving(): ServingEngine {
    return this.#engine.serving();
  }

  acquire(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#unused?.();
  }

  /** Waits until no frame uses it, then closes its engine. */
  async retire(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#unused = resolve));
    await this.#engine.close();
  }
}

/** Runs backbone and heads of a plan on one preprocessed image, wherever they are loaded. */
export async function answerOf(plan: Plan, model: Pick<LoadedModel, "run">, image: Uint8Array): Promise<ReleaseAnswer> {
  const { width, height } = plan.preprocess;
  const { outputs, runUs } = await model.run({
    image: { dtype: "uint8", shape: [1, height, width, 3], data: image },
  });
  const logits: Record<string, Float32Array> = {};
  for (const { name } of plan.heads) logits[name] = floats(name, outputs[name]?.data);
  return { embedding: floats("embedding", outputs.embedding?.data), logits, runUs };
}

/**
 * Checks that loaded graphs take and give what the manifest promises.
 * @throws {ReleaseRefusal} `golden-failed`
 */
export function requireFit({ preprocess, heads }: Plan, { inputs, outputs }: LoadedModel): void {
  const { width, height } = preprocess;
  const [image] = inputs;
  const takesPixels = image?.dtype === "uint8" || image?.alsoTakes?.includes("uint8") === true;
  const isFed = inputs.length === 1 && image?.name === "image" && takesPixels;
  if (!isFed || !fits(image.shape, [undefined, height, width, 3])) {
    throw unfit(`take one input "image" of uint8 [N, ${height}, ${width}, 3]`);
  }
  const promised = [{ name: "embedding", classes: undefined }, ...heads];
  for (const { name, classes } of promised) {
    const port = outputs.find((output) => output.name === name);
    if (port?.dtype !== "float32" || !fits(port.shape, [undefined, classes?.length])) {
      throw unfit(`give "${name}" as float32 [N, ${classes?.length ?? "size"}]`);
    }
  }
}

function fits(shape: readonly (number | string)[], wanted: readonly (number | undefined)[]): boolean {
  if (shape.length === 0) return true;
  return (
    shape.length === wanted.length &&
    wanted.every((dim, axis) => dim === undefined || typeof shape[axis] === "string" || shape[axis] === dim)
  );
}

function floats(name: string, data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new EdgeRuntimeError(
    "run-failed",
    `Expected the release to give "${name}" as float32, it did not; release a version that does.`,
  );
}

function unfit(what: string): ReleaseRefusal {
  return new ReleaseRefusal(
    "golden-failed",
    `Expected the release's graphs to ${what}, they do not; compile the version again.`,
  );
}
