import type { Figure } from "../../api/figure.ts";
import type { Evaluation, HeadFigures } from "./model-requests.ts";

/** What a difference's interval allows to say. */
export type Finding = "better" | "worse" | "unclear";

/** Two versions beside each other for one head. slices: those that both have, the largest change first */
export type HeadComparison = {
  readonly head: string;
  readonly before: Figure;
  readonly after: Figure;
  readonly samples: number;
  readonly difference: Figure | null;
  readonly finding: Finding;
  readonly slices: readonly SliceComparison[];
};

/** One slice of both versions. finding: only clear when the two intervals do not meet */
export type SliceComparison = {
  readonly slice: string;
  readonly before: Figure;
  readonly after: Figure;
  readonly samples: number;
  readonly finding: Finding;
};

/** Lays the first and the last version of an evaluation beside each other. */
export function compareVersions({
  versions,
  difference,
}: Pick<Evaluation, "versions" | "difference">): readonly HeadComparison[] {
  const [first, last] = [versions[0], versions.at(-1)];
  if (first === undefined || last === undefined || versions.length < 2) return [];
  return Object.entries(last.heads).flatMap(([head, after]) => {
    const before = first.heads[head];
    if (before === undefined) return [];
    const paired = difference?.[head] ?? null;
    return [
      {
        head,
        before: before.accuracy,
        after: after.accuracy,
        samples: after.samples,
        difference: paired,
        finding: paired === null ? ("unclear" as const) : findingOf(paired),
        slices: compareSlices(before, after),
      },
    ];
  });
}

/** Better when the whole interval of a difference lies above zero, worse when below. */
export function findingOf({ low, high }: Pick<Figure, "low" | "high">): Finding {
  if (low > 0) return "better";
  return high < 0 ? "worse" : "unclear";
}

function compareSlices(before: HeadFigures, after: HeadFigures): readonly SliceComparison[] {
  const earlier = new Map(before.slices.map((each) => [each.slice, each.accuracy]));
  return after.slices
    .flatMap(({ slice, accuracy, samples }) => {
      const was = earlier.get(slice);
      if (was === undefined) return [];
      return [{ slice, before: was, after: accuracy, samples, finding: apart(was, accuracy) }];
    })
    .sort((a, b) => Math.abs(b.after.value - b.before.value) - Math.abs(a.after.value - a.before.value));
}

function apart(before: Figure, after: Figure): Finding {
  if (after.low > before.high) return "better";
  return after.high < before.low ? "worse" : "unclear";
}
