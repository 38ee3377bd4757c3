import { asIs, type HealthRule } from "../rule.ts";

/** The device's process starts anew more often. */
export const restarts: HealthRule = {
  name: "restarts",
  title: "Restarts",
  unit: "restarts per device and hour",
  prior: { value: 1, alone: 1, design: 1 },
  observe({ restarts: starts, durationMs }) {
    const hours = durationMs / 3_600_000;
    return hours <= 0 ? null : { level: starts / hours, n: hours, variance: (starts + 1) / hours };
  },
  count: ({ frames }) => frames,
  ...asIs,
  tell: (value) => `devices restarted ${Math.abs(value).toFixed(1)} times an hour ${value > 0 ? "more" : "less"} often`,
};
