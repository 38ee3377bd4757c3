import { asIs, type HealthRule, points, shareOf } from "../rule.ts";

/** More frames are dropped before they are answered. */
export const drops: HealthRule = {
  name: "drops",
  title: "Dropped frames",
  unit: "share of frames",
  prior: { value: 0.02, alone: 0.05, design: 16 },
  observe: ({ frames, errors, dropped }) => shareOf(dropped, frames + errors + dropped),
  count: ({ frames }) => frames,
  ...asIs,
  tell: (value) => `the drop rate ${value > 0 ? "rose" : "fell"} by ${points(value)}`,
};
