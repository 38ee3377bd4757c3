/** A positive real as integers: multiplier · 2^(shift − 31), the multiplier in [2^30, 2^31). */
export interface FixedPoint {
  readonly multiplier: number;
  readonly shift: number;
}

const half = 2 ** 30;
const one = 2 ** 31;

/** The fixed-point form of a positive real, as TFLite prepares it (QuantizeMultiplier): below 2^−32 it is zero. */
export function fixedPointOf(real: number): FixedPoint {
  if (real === 0) return { multiplier: 0, shift: 0 };
  const exponent = Math.floor(Math.log2(real)) + 1;
  const shift = real / 2 ** exponent < 0.5 ? exponent - 1 : real / 2 ** exponent >= 1 ? exponent + 1 : exponent;
  const multiplier = Math.round((real / 2 ** shift) * one);
  if (shift < -31) return { multiplier: 0, shift: 0 };
  return multiplier === one ? { multiplier: half, shift: shift + 1 } : { multiplier, shift };
}

/**
 * value · fixed point, as TFLite's kernels round it (MultiplyByQuantizedMultiplier of gemmlowp): the upper half of the doubled
 * product rounded, then the shift to the right rounded away from zero.
 */
export function scaled(value: number, { multiplier, shift }: FixedPoint): number {
  const widened = shift > 0 ? value * 2 ** shift : value;
  return roundedShift(highProduct(widened, multiplier), shift > 0 ? 0 : -shift);
}

/**
 * (left · right + rounding) / 2^31 towards zero, for right in [0, 2^31): both factors exceed what a double multiplies
 * exactly, so the right one is split into 16 and 15 bits.
 */
function highProduct(left: number, right: number): number {
  const upper = left * Math.floor(right / 2 ** 15);
  const nudge = left >= 0 ? half : 1 - half;
  const lower = left * (right % 2 ** 15) + nudge;
  const whole = Math.floor(upper / 2 ** 16);
  const rest = (upper - whole * 2 ** 16) * 2 ** 15 + lower;
  const quotient = whole + Math.floor(rest / one);
  const isExact = rest % one === 0;
  return quotient < 0 && !isExact ? quotient + 1 : quotient;
}

/** value / 2^exponent to the nearest integer, ties away from zero. */
function roundedShift(value: number, exponent: number): number {
  const magnitude = Math.floor((Math.abs(value) + 2 ** exponent / 2) / 2 ** exponent);
  return value < 0 ? -magnitude : magnitude;
}
