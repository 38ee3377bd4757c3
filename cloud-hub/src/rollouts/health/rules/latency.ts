import type { HealthRule } from "../rule.ts";

/** Answers take longer: the geometric mean of latency, as a factor. */
export const latency: HealthRule = {
  name: "latency",
  title: "Latency",
  unit: "times as slow",
  prior: { value: 0.18, alone: 0.3, design: 8 },
  observe: ({ frames, logLatencySum }) =>
    frames <= 0 ? null : { level: logLatencySum / frames, n: frames, variance: usualVariance },
  count: ({ frames }) => frames,
  toInner: Math.log,
  toUnit: Math.exp,
  tell: (value) => `answers took ${value.toFixed(2)} times as long`,
};

/** Windows carry no squares of latency; half an e-fold is usual, and the history's design effect corrects it. */
const usualVariance = 0.25;
