import { asIs, type HealthRule } from "../rule.ts";

/** The release is less sure of its answers than the old one: mean confidence lost; more confidence is never harm. */
export const confidence: HealthRule = {
  name: "confidence",
  title: "Confidence",
  unit: "confidence lost",
  prior: { value: 0.04, alone: 0.1, design: 8 },
  observe({ frames, confidenceSum, confidenceSquares }) {
    if (frames <= 0) return null;
    const mean = confidenceSum / frames;
    return { level: -mean, n: frames, variance: Math.max(leastVariance, confidenceSquares / frames - mean * mean) };
  },
  count: ({ frames }) => frames,
  ...asIs,
  tell: (value) => `mean confidence ${value > 0 ? "fell" : "rose"} by ${Math.abs(value).toFixed(3)}`,
};

/** Half a bin of the histogram: a model that is always sure is not known more exactly than that. */
const leastVariance = 0.025 ** 2;
