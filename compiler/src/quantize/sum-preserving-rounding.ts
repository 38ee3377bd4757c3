/**
 * Rounds one channel's weights, already divided by their scale, to integers so that the channel's sum is kept to within half
 * a step and each kernel's nearly so: smooth or dark input meets mostly the sums, and under nearest rounding the errors of
 * many weights add up there. Weights closest to a tie move to their other neighbour; `largest` bounds both sides.
 * scaled: kernels of `kernel` values one after another · source: Guo et al., SQuant (ICLR 2022), its kernel-wise and
 * channel-wise steps
 */
export function roundPreservingSums(scaled: Float64Array, kernel: number, largest: number): Int8Array {
  const rounded = new Int8Array(scaled.length);
  const errors = new Float64Array(scaled.length);
  for (let place = 0; place < scaled.length; place += 1) {
    rounded[place] = Math.max(-largest, Math.min(largest, Math.round(scaled[place]!)));
    errors[place] = rounded[place]! - scaled[place]!;
  }
  for (let start = 0; kernel > 1 && start < scaled.length; start += kernel) {
    balance({ rounded, errors, largest }, start, start + kernel);
  }
  balance({ rounded, errors, largest }, 0, scaled.length);
  return rounded;
}

interface Rounding {
  readonly rounded: Int8Array;
  readonly errors: Float64Array;
  readonly largest: number;
}

/** Moves as many weights by one step as brings the sum of errors nearest to zero, each to its second-nearest integer. */
function balance(rounding: Rounding, start: number, end: number): void {
  let excess = 0;
  for (let place = start; place < end; place += 1) excess += rounding.errors[place]!;
  const step = -Math.sign(excess);
  for (let moves = Math.round(Math.abs(excess)); moves > 0; moves -= 1) {
    const place = mostMovable(rounding, { start, end, step });
    if (place < 0) return;
    rounding.rounded[place]! += step;
    rounding.errors[place]! += step;
  }
}

function mostMovable(
  { rounded, errors, largest }: Rounding,
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
): number {
  let found = -1;
  let greatest = 0;
  for (let place = start; place < end; place += 1) {
    const error = -step * errors[place]!;
    if (error <= greatest || Math.abs(rounded[place]! + step) > largest) continue;
    [found, greatest] = [place, error];
  }
  return found;
}
