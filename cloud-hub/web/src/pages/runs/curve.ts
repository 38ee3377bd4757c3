/** A curve as two columns of equal length, steps rising. */
export type Curve = { readonly steps: readonly number[]; readonly values: readonly number[] };

/** Several curves over one column of steps, as a chart draws them; `null` where a curve has no value. */
export function joinCurves(curves: readonly Curve[]): { steps: number[]; columns: (number | null)[][] } {
  const steps = [...new Set(curves.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  const columns = curves.map((curve) => {
    const values = new Map(curve.steps.map((step, index) => [step, curve.values[index] ?? null]));
    return steps.map((step) => values.get(step) ?? null);
  });
  return { steps, columns };
}

/** The curves that are losses: the whole first, then by head. */
export function lossesOf<T extends { readonly name: string }>(series: readonly T[]): readonly T[] {
  return series
    .filter(({ name }) => name === "loss" || name.startsWith("loss."))
    .toSorted((a, b) => a.name.length - b.name.length);
}
