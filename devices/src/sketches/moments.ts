/** Running mean and sum of squared deviations per component; float32, since they travel. */
export type Moments = { n: number; mean: Float32Array; m2: Float32Array };

/** Adds a vector in place. Source: Welford 1962. */
export function observeMoments(moments: Moments, vector: Float32Array): void {
  moments.n += 1;
  const { mean, m2, n } = moments;
  for (let index = 0; index < mean.length; index += 1) {
    const value = vector[index] ?? 0;
    const before = value - (mean[index] ?? 0);
    mean[index] = (mean[index] ?? 0) + before / n;
    m2[index] = (m2[index] ?? 0) + before * (value - (mean[index] ?? 0));
  }
}

/** The moments of both sets together. Source: Chan, Golub, LeVeque 1979. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const n = a.n + b.n;
  const mean = new Float32Array(a.mean.length);
  const m2 = new Float32Array(a.mean.length);
  if (n === 0) return { n, mean, m2 };
  for (let index = 0; index < mean.length; index += 1) {
    const delta = (b.mean[index] ?? 0) - (a.mean[index] ?? 0);
    mean[index] = (a.mean[index] ?? 0) + (delta * b.n) / n;
    m2[index] = (a.m2[index] ?? 0) + (b.m2[index] ?? 0) + (delta * delta * a.n * b.n) / n;
  }
  return { n, mean, m2 };
}
