export { type AnswerPair, agreement, type FigureOptions, pairedDifference, proportion } from "./figures.ts";
export { poolSeeds } from "./pool-seeds.ts";
export { type Random, seededRandom } from "./seeded-random.ts";
export { studentQuantile } from "./student-quantile.ts";
export {
  type PairedObservation,
  type PairedUnit,
  type ProportionObservation,
  type ProportionUnit,
  pairedUnits,
  proportionUnits,
} from "./unit.ts";
