import { type Figure, FigureSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { Judgement } from "./judgement.ts";

/** A part of the samples, as `name=value`, and how right a version is on it. */
export const SliceSchema = Type.Object({ slice: Type.String(), accuracy: FigureSchema, samples: Type.Integer() });
export type Slice = Static<typeof SliceSchema>;

const leastUnits = 5;
const valuesAtMost = 12;

/**
 * Slices by true class, by device and by context entries with 2 to 12 values, the worst first; those with fewer than five
 * independent units are left out.
 */
export function slicesOf(rows: readonly Judgement[], accuracyOf: (rows: readonly Judgement[]) => Figure): Slice[] {
  const parts = new Map<string, Map<string, Judgement[]>>();
  for (const row of rows) {
    add(parts, "class", row.truth, row);
    if (row.sample.device !== null) add(parts, "device", row.sample.device, row);
    for (const [name, value] of Object.entries(row.sample.context)) {
      if (name !== "track" && typeof value !== "number") add(parts, name, String(value), row);
    }
  }
  return [...parts]
    .filter(([name, values]) => name === "class" || (values.size >= 2 && values.size <= valuesAtMost))
    .flatMap(([name, values]) => [...values].map(([value, members]) => ({ slice: `${name}=${value}`, members })))
    .filter(({ members }) => new Set(members.map((row) => row.sample.unit)).size >= leastUnits)
    .map(({ slice, members }) => ({ slice, accuracy: accuracyOf(members), samples: members.length }))
    .sort((a, b) => a.accuracy.value - b.accuracy.value);
}

function add(parts: Map<string, Map<string, Judgement[]>>, name: string, value: string, row: Judgement): void {
  const values = parts.get(name) ?? new Map<string, Judgement[]>();
  parts.set(name, values);
  const members = values.get(value) ?? [];
  values.set(value, members);
  members.push(row);
}
