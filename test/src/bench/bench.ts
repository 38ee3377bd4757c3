/** One measured figure of a benchmark. goal: in words · met: `null` where there is no threshold */
export type BenchResult = {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean | null;
  readonly n: number;
  readonly note: string;
};

/** A figure that this machine cannot measure, and why; it is never counted as met. */
export type Skipped = { readonly id: string; readonly why: string };

/** What a benchmark found. */
export type BenchOutcome = { readonly results: readonly BenchResult[]; readonly skipped: readonly Skipped[] };

/** What a run of a benchmark may ask for. log: a line of progress for people */
export type BenchOptions = {
  readonly full: boolean;
  readonly only?: string;
  readonly cycles?: number;
  readonly seeds?: readonly number[];
  readonly log: (line: string) => void;
};

/** A named benchmark: `npm run bench -- NAME`. */
export type Bench = {
  readonly name: string;
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<BenchOutcome>;
};

/** The middle of an unsorted list; `NaN` when it is empty. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The q-quantile of an unsorted list by linear interpolation; `NaN` when it is empty. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}
