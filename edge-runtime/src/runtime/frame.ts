import { type Context, ContextSchema } from "@fieldloop/devices";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../errors.ts";
import type { RawImage } from "../operators/index.ts";
import type { HeadOpinion } from "../pipeline/head-answer.ts";

/**
 * One input: an encoded image (PNG, JPEG, WebP) or raw RGB, not to be changed until it is answered.
 * at: ms since 1970, now unless given · context: what travels with it; `track` names the track it belongs to
 */
export interface Frame {
  readonly image: Uint8Array | RawImage;
  readonly at?: number;
  readonly context?: Context;
}

/**
 * What the device says of one frame.
 * id: `epoch-frame`, never used twice · release: digest of what answered · decision: what the rules hold to be true of the
 * track, absent while they are not sure · latencyUs: from `infer` to the answer
 */
export interface Prediction {
  readonly id: string;
  readonly frame: number;
  readonly at: number;
  readonly release: string;
  readonly heads: Readonly<Record<string, HeadOpinion>>;
  readonly embedding: Float32Array;
  readonly decision?: string;
  readonly latencyUs: number;
}

const contextValidator = Compile(ContextSchema);

/**
 * Checks what came with a frame.
 * @throws {EdgeRuntimeError} `bad-frame`
 */
export function checkFrame({ at, context }: Frame): void {
  if (at !== undefined && !(Number.isFinite(at) && at >= 0))
    throw new EdgeRuntimeError("bad-frame", `Expected a frame's "at" in milliseconds since 1970, got ${at}.`);
  if (context !== undefined && !contextValidator.Check(context)) {
    throw new EdgeRuntimeError(
      "bad-frame",
      `Expected a frame's context to have at most 32 short texts, numbers or booleans by name, got ${JSON.stringify(context)?.slice(0, 200)}.`,
    );
  }
}
