import { asIs, type HealthRule, points, shareOf } from "../rule.ts";

/** More of what came of its predictions was bad, by what people or machines reported later. */
export const outcomes: HealthRule = {
  name: "outcomes",
  title: "Outcomes",
  unit: "share of outcomes that are bad",
  prior: { value: 0.05, alone: 0.1, design: 2 },
  observe: ({ outcomes: reported, badOutcomes }) => shareOf(badOutcomes, reported),
  count: ({ outcomes: reported }) => reported,
  ...asIs,
  tell: (value) => `the share of bad outcomes ${value > 0 ? "rose" : "fell"} by ${points(value)}`,
};
