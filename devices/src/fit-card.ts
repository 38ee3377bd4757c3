import Type, { type Static } from "typebox";
import { FigureSchema } from "./figure.ts";
import { DigestSchema, IdentifierSchema } from "./identifiers.ts";

/** The machine on which a latency was measured. */
export const MachineSchema = Type.Object({
  name: Type.String({ maxLength: 200 }),
  cores: Type.Integer({ minimum: 1 }),
  threads: Type.Integer({ minimum: 1 }),
  engine: Type.String({ maxLength: 100 }),
});
export type Machine = Static<typeof MachineSchema>;

/** A latency distribution of one call with one image, in microseconds, on one machine. */
export const LatencySchema = Type.Object({
  p50Us: Type.Number(),
  p95Us: Type.Number(),
  n: Type.Integer({ minimum: 1 }),
  machine: MachineSchema,
});
export type Latency = Static<typeof LatencySchema>;

/**
 * What was measured of one variant of a model version; every number states its n, `null` means "not measured".
 * accuracy: share right on inputs outside calibration · difference: paired, variant minus fp32, in shares ·
 * sizeBytes: sum over components · peakMemoryBytes: resident growth of the engine host
 */
export const FitCardSchema = Type.Object({
  target: IdentifierSchema,
  components: Type.Record(Type.String(), DigestSchema),
  accuracy: Type.Union([FigureSchema, Type.Null()]),
  agreement: Type.Union([FigureSchema, Type.Null()]),
  difference: Type.Union([FigureSchema, Type.Null()]),
  latency: Type.Union([LatencySchema, Type.Null()]),
  sizeBytes: Type.Integer({ minimum: 0 }),
  sizeRatio: Type.Number({ minimum: 0 }),
  peakMemoryBytes: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
});
export type FitCard = Static<typeof FitCardSchema>;
