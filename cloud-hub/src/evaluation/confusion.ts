import Type, { type Static } from "typebox";
import type { Judgement } from "./judgement.ts";

/**
 * What was taken for what. classes: every true or answered one, by frequency · cells: those with samples in them · ids: some
 * of a cell's samples, most of them for mistakes
 */
export const ConfusionSchema = Type.Object({
  classes: Type.Array(Type.String()),
  cells: Type.Array(
    Type.Object({
      truth: Type.String(),
      answer: Type.String(),
      samples: Type.Integer(),
      ids: Type.Array(Type.String()),
    }),
  ),
});
export type Confusion = Static<typeof ConfusionSchema>;

const idsOfMistakes = 60;
const idsOfRight = 20;

/** Counts one head's judgements by truth and answer. */
export function confusionOf(rows: readonly Judgement[]): Confusion {
  const truths = new Map<string, number>();
  for (const { truth, answer } of rows) {
    truths.set(truth, (truths.get(truth) ?? 0) + 1);
    if (!truths.has(answer)) truths.set(answer, 0);
  }
  const cells = [...Map.groupBy(rows, ({ truth, answer }) => JSON.stringify([truth, answer])).values()].map(
    (members) => {
      const { truth, answer, isRight } = members[0]!;
      const ids = members.slice(0, isRight ? idsOfRight : idsOfMistakes).map(({ sample }) => sample.id);
      return { truth, answer, samples: members.length, ids };
    },
  );
  return {
    classes: [...truths].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name),
    cells: cells.toSorted((a, b) => b.samples - a.samples),
  };
}
