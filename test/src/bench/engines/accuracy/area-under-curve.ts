/** One scored thing; what is anomalous should score higher. */
export interface Scored {
  readonly score: number;
  readonly isAnomalous: boolean;
}

/** The area under the receiver operating characteristic: the share of pairs ranked rightly, ties counting half. */
export function areaUnderCurve(scored: readonly Scored[]): number {
  const anomalous = scored.filter(({ isAnomalous }) => isAnomalous);
  const normal = scored.filter(({ isAnomalous }) => !isAnomalous);
  const won = anomalous.reduce(
    (sum, { score }) =>
      sum + normal.reduce((wins, other) => wins + (score > other.score ? 1 : score === other.score ? 0.5 : 0), 0),
    0,
  );
  return won / (anomalous.length * normal.length);
}
