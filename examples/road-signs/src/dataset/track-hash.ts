import { createHash } from "node:crypto";
import type { Track } from "./road-sign-data.ts";

/** Names a track without telling its class or place: `t_` and 16 hex digits of SHA-256 over the data set and its own name. */
export function trackId(dataset: string, name: string): string {
  return `t_${createHash("sha256").update(`${dataset}\n${name}`).digest("hex").slice(0, 16)}`;
}

/** Spreads ids evenly over 0 ≤ x < 1, the same way on every machine; `purpose` makes independent spreads. */
export function shareOf(purpose: string, id: string): number {
  return createHash("sha256").update(`${purpose}\n${id}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** Takes a share of the items by the hash of their ids, so that an item's side never depends on the others. */
export function splitByHash<T extends { readonly id: string }>(
  items: readonly T[],
  { purpose, share }: { readonly purpose: string; readonly share: number },
): { readonly taken: T[]; readonly left: T[] } {
  const taken: T[] = [];
  const left: T[] = [];
  for (const item of items) (shareOf(purpose, item.id) < share ? taken : left).push(item);
  return { taken, left };
}

/** Sets a share of the validation tracks aside for calibration, so that no variant is judged on what set its ranges. */
export function setCalibrationAside(
  validation: readonly Track[],
  share = 0.25,
): { readonly calibration: Track[]; readonly validation: Track[] } {
  const { taken, left } = splitByHash(validation, { purpose: "calibration", share });
  return { calibration: taken, validation: left };
}
