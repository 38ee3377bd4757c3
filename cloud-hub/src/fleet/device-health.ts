import Type, { type Static } from "typebox";
import { clockSentence, spanText } from "./clock-offset.ts";

/** How a device is: `unknown` before it was ever heard, `silent` when it is not heard though it was. */
export const DeviceHealthSchema = Type.Object({
  state: Type.Enum(["healthy", "silent", "failing", "unknown"]),
  sentence: Type.String(),
});
export type DeviceHealth = Static<typeof DeviceHealthSchema>;

/**
 * What one device's health is read from; times are ms since 1970 by the hub. recent counts are of the last five minutes
 * (frames) and ten minutes (restarts, given up records). refusal: of the release that it shall run, if it did not take it
 */
export type HealthSigns = {
  readonly now: number;
  readonly enrolledAt: number | null;
  readonly isConnected: boolean;
  /** When it was last heard or its session ended, or this hub began to listen, whichever is newest; null: never heard. */
  readonly heardAt: number | null;
  readonly clockOffsetMs: number;
  readonly unassignedRelease: string | null;
  readonly twinAt: number | null;
  readonly refusal: { readonly release: string; readonly code: string | null; readonly reason: string | null } | null;
  readonly restarts: { readonly process: number; readonly engine: number };
  readonly frames: { readonly answered: number; readonly errors: number; readonly dropped: number };
  /** Why frames got no answer, the commonest first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly givenUp: number;
  readonly waiting: number;
};

/** A device that is away for less may be on its way back. */
const silentAfterMs = 60_000;
const twinForMs = 5 * 60_000;
const manyRestarts = 3;
const leastFrames = 50;
const mostUnanswered = 0.05;

/** Reads a device's health: silence first, then whatever makes it fail, each with what to do about it. */
export function deviceHealth(signs: HealthSigns): DeviceHealth {
  if (signs.enrolledAt === null) return { state: "unknown", sentence: "It has not enrolled yet." };
  if (signs.heardAt === null) return { state: "unknown", sentence: "It enrolled, but it was never heard of since." };
  const clock = clockSentence(signs.clockOffsetMs);
  const silentMs = signs.now - signs.heardAt;
  if (!signs.isConnected && silentMs > silentAfterMs) return { state: "silent", sentence: silence(signs, silentMs) };
  const failures = failuresOf(signs);
  const also = clock === undefined ? [] : [clock];
  if (failures.length > 0) return { state: "failing", sentence: [...failures, ...also].join(" ") };
  return { state: "healthy", sentence: [wellBeing(signs), ...also].join(" ") };
}

function failuresOf(signs: HealthSigns): readonly string[] {
  return [twin(signs), liar(signs), refused(signs), restarting(signs), unanswering(signs), overflowing(signs)].filter(
    (sentence) => sentence !== undefined,
  );
}

function silence({ heardAt, waiting }: HealthSigns, silentMs: number): string {
  const since = new Date(heardAt ?? 0).toISOString().slice(0, 19).replace("T", " ");
  const kept = waiting > 0 ? ` ${waiting} records waited on it when it was last heard.` : "";
  return `Silent since ${since} UTC (${spanText(silentMs)}): it is not connected.${kept} It goes on working and sends what it kept once it is back.`;
}

function twin({ twinAt, now }: HealthSigns): string | undefined {
  if (twinAt === null || now - twinAt > twinForMs) return undefined;
  return "Two processes speak with its one credential and cut each other off; stop one of them, or enrol that machine as a device of its own.";
}

function liar({ unassignedRelease }: HealthSigns): string | undefined {
  if (unassignedRelease === null) return undefined;
  return `It says that it runs release ${brief(unassignedRelease)}, which this hub never gave it; its sketches under that name are kept apart and say nothing about the release.`;
}

function refused({ refusal }: HealthSigns): string | undefined {
  if (refusal === null) return undefined;
  const { release, code, reason } = refusal;
  return `It did not take release ${brief(release)}${code === null ? "" : ` (${code})`}${reason === null ? "." : `: ${reason}`}`;
}

function restarting({ restarts: { process, engine } }: HealthSigns): string | undefined {
  const counts = [
    ...(process >= manyRestarts ? [`its process ${process} times`] : []),
    ...(engine >= manyRestarts ? [`its engine ${engine} times`] : []),
  ];
  return counts.length === 0 ? undefined : `It restarted ${counts.join(" and ")} in the last 10 minutes.`;
}

/** Says whether more than 5 % of at least 50 frames got no answer. */
export function isUnanswering({ answered, errors, dropped }: HealthSigns["frames"]): boolean {
  const total = answered + errors + dropped;
  return total >= leastFrames && (errors + dropped) / total > mostUnanswered;
}

function unanswering({ frames, reasons }: HealthSigns): string | undefined {
  if (!isUnanswering(frames)) return undefined;
  const { answered, errors, dropped } = frames;
  const total = answered + errors + dropped;
  const share = (errors + dropped) / total;
  const why = reasons.slice(0, 3).map(({ reason, count }) => `${reason} ${count}`);
  const because = why.length === 0 ? "" : `: ${why.join(", ")}`;
  return `It gave no answer to ${(share * 100).toFixed(0)} % of ${total} frames in the last 5 minutes${because}.`;
}

function overflowing({ givenUp, waiting }: HealthSigns): string | undefined {
  if (givenUp === 0) return undefined;
  return `Its journal is full: it gave up ${givenUp} records in the last 10 minutes, those worth least first, and ${waiting} wait; give it more disk or a faster line.`;
}

function wellBeing({ isConnected, frames }: HealthSigns): string {
  const { answered, errors, dropped } = frames;
  const total = answered + errors + dropped;
  const where = isConnected ? "Connected" : "Not connected for less than a minute";
  if (total === 0) return `${where}; no frames in the last 5 minutes.`;
  return `${where}; it answered ${answered} of ${total} frames in the last 5 minutes.`;
}

const brief = (digest: string): string => digest.replace("sha256:", "").slice(0, 12);
