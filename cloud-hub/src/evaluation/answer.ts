/** What a version says of one image. heads: softmax per class by head */
export type ModelAnswer = {
  readonly heads: Readonly<Record<string, Float32Array>>;
  readonly embedding: Float32Array;
};

/** Top class of one head. margin: lead over the runner-up · both in 0–1 */
export type TopAnswer = { readonly index: number; readonly confidence: number; readonly margin: number };

/** Softmax of one row of logits. */
export function softmax(logits: ArrayLike<number>, start: number, length: number): Float32Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < length; index += 1) largest = Math.max(largest, logits[start + index] ?? 0);
  const out = new Float32Array(length);
  let total = 0;
  for (let index = 0; index < length; index += 1) {
    out[index] = Math.exp((logits[start + index] ?? 0) - largest);
    total += out[index] ?? 0;
  }
  for (let index = 0; index < length; index += 1) out[index] = (out[index] ?? 0) / total;
  return out;
}

/** The class that leads, by how much and how surely. */
export function topOf(probabilities: ArrayLike<number>): TopAnswer {
  let index = 0;
  let second = 0;
  for (let each = 1; each < probabilities.length; each += 1) {
    const value = probabilities[each] ?? 0;
    if (value > (probabilities[index] ?? 0)) {
      second = probabilities[index] ?? 0;
      index = each;
    } else if (value > second) second = value;
  }
  const confidence = probabilities[index] ?? 0;
  return { index, confidence, margin: confidence - second };
}
