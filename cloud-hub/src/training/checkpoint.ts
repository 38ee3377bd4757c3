import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TrainingGraph, TrainingState } from "@fieldloop/compiler";
import { HubError } from "../errors.ts";
import { replaceFile } from "./durable-file.ts";

const vectors = ["parameters", "moment1", "moment2", "runningMean", "runningVariance"] as const;

/** Where a run stands: the last finished step and all that changed until then. */
export interface Checkpoint {
  readonly step: number;
  readonly state: TrainingState;
}

/** Names what a checkpoint belongs to, so that one of another model or recipe is not taken up. */
export function checkpointKey(training: TrainingGraph, recipe: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify([training.parameters, training.statistics, recipe]))
    .digest("hex");
}

/** Writes a checkpoint: one line of JSON, then the vectors as little-endian float32. */
export async function writeCheckpoint(path: string, key: string, { step, state }: Checkpoint): Promise<void> {
  const header = { v: 1, key, step, counts: vectors.map((name) => state[name].length) };
  const bytes = vectors.map(
    (name) => new Uint8Array(state[name].buffer, state[name].byteOffset, state[name].byteLength),
  );
  await replaceFile(path, [`${JSON.stringify(header)}\n`, ...bytes]);
}

/**
 * Reads the last checkpoint, undefined when there is none.
 * @throws {HubError} `run-failed` when it belongs to another model or recipe or is cut short
 */
export async function readCheckpoint(path: string, key: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const line = bytes.indexOf(10);
  const header = JSON.parse(bytes.toString("utf8", 0, line)) as {
    key: string;
    step: number;
    counts: readonly number[];
  };
  const total = header.counts.reduce((sum, count) => sum + count, 0);
  if (header.key !== key || bytes.length !== line + 1 + total * 4) {
    throw new HubError("run-failed", `The checkpoint ${path} is not one of this run; remove it or start a new run.`);
  }
  let offset = line + 1;
  const [parameters, moment1, moment2, runningMean, runningVariance] = header.counts.map((count) => {
    const copy = new Uint8Array(bytes.subarray(offset, offset + count * 4));
    offset += count * 4;
    return new Float32Array(copy.buffer);
  }) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  return { step: header.step, state: { parameters, moment1, moment2, runningMean, runningVariance } };
}
