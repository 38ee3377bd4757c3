import { asIs, type HealthRule } from "../rule.ts";

/**
 * The answers move away from the mix of classes that a right release gives: total variation from the reference. A better
 * release changes the mix as well, but towards the reference.
 */
export const mix: HealthRule = {
  name: "mix",
  title: "Mix of answers",
  unit: "farther from the reference mix",
  prior: { value: 0.05, alone: 0.1, design: 8 },
  observe({ classCounts }, classShares) {
    const total = classCounts.reduce((sum, count) => sum + count, 0);
    if (total <= 0) return null;
    let distance = 0;
    let lean = 0;
    for (let index = 0; index < Math.max(classCounts.length, classShares.length); index += 1) {
      const share = (classCounts[index] ?? 0) / total;
      const beyond = share - (classShares[index] ?? 0);
      distance += Math.abs(beyond) / 2;
      lean += Math.sign(beyond) * share;
    }
    return { level: distance, n: total, variance: Math.max(0.01, (1 - lean * lean) / 4) };
  },
  count: ({ frames }) => frames,
  ...asIs,
  tell: (value) =>
    `the mix of answers moved ${Math.abs(value).toFixed(2)} ${value > 0 ? "away from" : "towards"} its reference`,
};
