import Type, { type Static } from "typebox";

/** The journal's lanes in the order in which the uplink sends them. */
export const lanes = ["control", "audit", "samples", "predictions", "sketches"] as const;

/** One lane of a device's journal; each has its own sequence numbers, starting at 1. */
export const LaneSchema = Type.Enum(["control", "audit", "samples", "predictions", "sketches"]);
export type Lane = Static<typeof LaneSchema>;

/** Says whether `value` names a lane. */
export function isLane(value: unknown): value is Lane {
  return typeof value === "string" && (lanes as readonly string[]).includes(value);
}
