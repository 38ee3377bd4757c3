import { EdgeRuntimeError } from "../errors.ts";
import type { PlannedHead } from "./plan.ts";

/** What a head says of a frame: the class that leads, its softmax share, and its lead over the runner-up (both 0–1). */
export interface HeadOpinion {
  readonly class: string;
  readonly index: number;
  readonly confidence: number;
  readonly margin: number;
}

/**
 * Reads a head's answer from its logits [C] by softmax in double precision.
 * @throws {EdgeRuntimeError} `bad-output` when the count differs from the head's classes or a logit is not finite
 */
export function readHead(head: PlannedHead, logits: Float32Array): HeadOpinion {
  if (logits.length !== head.classes.length) {
    const got = `got ${logits.length} logits`;
    throw new EdgeRuntimeError("bad-output", `Expected ${head.classes.length} logits of head "${head.name}", ${got}.`);
  }
  const [index, runnerUp] = topTwo(logits);
  const top = logits[index] as number;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  if (!Number.isFinite(sum))
    throw new EdgeRuntimeError("bad-output", `Expected finite logits of head "${head.name}", got one that is not.`);
  const confidence = 1 / sum;
  const margin = runnerUp === undefined ? confidence : confidence - Math.exp((logits[runnerUp] as number) - top) / sum;
  return { class: head.classes[index] as string, index, confidence, margin };
}

function topTwo(values: Float32Array): [number, number | undefined] {
  let first = 0;
  let second: number | undefined;
  for (let index = 1; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value > (values[first] as number)) {
      second = first;
      first = index;
    } else if (second === undefined || value > (values[second] as number)) second = index;
  }
  return [first, second];
}
