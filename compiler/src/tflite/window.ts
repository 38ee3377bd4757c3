/** The numbers of TFLite's ways to pad a window. */
export const paddings = { same: 0, valid: 1 } as const;

/** What a convolution's options may say of its window; an absent number is the file format's default. */
export interface ConvolutionOptions {
  readonly padding?: number;
  readonly strideW?: number;
  readonly strideH?: number;
  readonly dilationW?: number;
  readonly dilationH?: number;
  readonly activation?: number;
}

/** One axis of a window that slides over an input. */
export interface WindowAxis {
  readonly padding: number;
  readonly from: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** How many windows fit along an axis. */
export function windowCount({ padding, from, kernel, stride, dilation }: WindowAxis): number {
  const reach = (kernel - 1) * dilation + 1;
  return padding === paddings.same ? Math.ceil(from / stride) : Math.floor((from - reach) / stride) + 1;
}

/** Padding at both ends together, as TFLite chooses it: what the last window lacks under SAME, nothing under VALID. */
export function paddingTotal(axis: WindowAxis): number {
  if (axis.padding === paddings.valid) return 0;
  const reach = (axis.kernel - 1) * axis.dilation + 1;
  return Math.max(0, (windowCount(axis) - 1) * axis.stride + reach - axis.from);
}

/** Padding before the first element: the smaller half. */
export function paddingBefore(axis: WindowAxis): number {
  return Math.floor(paddingTotal(axis) / 2);
}
