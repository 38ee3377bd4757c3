import type { LoadedModel, Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";

/** The strongest class of one head for every row of its logits [N, C]; the first of equals. */
export function strongestClasses(logits: Tensor): number[] {
  const [rows, classes] = logits.shape as [number, number];
  return Array.from({ length: rows }, (_, row) => {
    let strongest = 0;
    for (let index = 1; index < classes; index += 1) {
      if (logits.data[row * classes + index]! > logits.data[row * classes + strongest]!) strongest = index;
    }
    return strongest;
  });
}

/**
 * Runs batches through a model and returns one head's answers, in order.
 * @throws {CompilerError} `invalid-argument` when the model has no such head
 */
export async function answersOf(
  model: LoadedModel,
  head: string,
  batches: readonly Readonly<Record<string, Tensor>>[],
): Promise<number[]> {
  const answers: number[] = [];
  for (const inputs of batches) {
    const { outputs } = await model.run(inputs);
    const logits = outputs[head];
    if (logits === undefined) {
      const found = Object.keys(outputs).join(", ");
      throw new CompilerError(
        "invalid-argument",
        `Expected a head "${head}" to judge, found ${found}; name one of those.`,
      );
    }
    answers.push(...strongestClasses(logits));
  }
  return answers;
}
