import type { LoadedModel, Tensor } from "@fieldloop/edge-runtime/engine";

/** How long to time: at most so many rounds, and no new one after `longestMs`. */
export interface Rounds {
  readonly warmUps: number;
  readonly rounds: number;
  readonly longestMs?: number;
}

/** Microseconds of each side in every round: its models one after the other, the sides in turns. */
export async function interleavedUs(
  sides: readonly (readonly LoadedModel[])[],
  inputs: Readonly<Record<string, Tensor>>,
  { warmUps, rounds, longestMs = Number.POSITIVE_INFINITY }: Rounds,
): Promise<readonly number[][]> {
  const times = sides.map((): number[] => []);
  let endMs = Number.POSITIVE_INFINITY;
  for (let round = -warmUps; round < rounds && performance.now() < endMs; round += 1) {
    if (round === 0) endMs = performance.now() + longestMs;
    for (const [side, models] of sides.entries()) {
      let total = 0;
      for (const model of models) total += (await model.run(inputs)).runUs;
      if (round >= 0) times[side]!.push(total);
    }
  }
  return times;
}
