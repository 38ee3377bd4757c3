import { asIs, type HealthRule, points, shareOf } from "../rule.ts";

/** More frames end in an error. */
export const errors: HealthRule = {
  name: "errors",
  title: "Errors",
  unit: "share of frames",
  prior: { value: 0.002, alone: 0.004, design: 4 },
  observe: ({ frames, errors: failed }) => shareOf(failed, frames + failed),
  count: ({ frames }) => frames,
  ...asIs,
  tell: (value) => `the error rate ${value > 0 ? "rose" : "fell"} by ${points(value)}`,
};
