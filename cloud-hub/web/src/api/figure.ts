/** A measured share with its 95 % interval and the number of independent units behind it. */
export type Figure = { readonly value: number; readonly low: number; readonly high: number; readonly n: number };
