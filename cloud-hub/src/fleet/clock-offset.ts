/**
 * How far a device's clock is off. offsetMs: added to the device's times to get the hub's, 0 while both agree within two
 * seconds · source: what the samples were taken from; hellos say the device's time directly, sketches only when their window
 * ended · samples: newest last
 */
export type ClockState = {
  readonly offsetMs: number;
  readonly source: "hello" | "sketch" | null;
  readonly samples: readonly ClockSample[];
};

/** One reading: the hub's time of receipt less the device's time of sending. at: ms since 1970 by the hub */
export type ClockSample = { readonly at: number; readonly offsetMs: number };

const mostSamples = 10;
const longestAgeMs = 15 * 60_000;
/** Below this, the difference is as likely the network's delay. */
const agreementMs = 2_000;
/** A clock that was set later shows as two readings above the least by more than this, which agree. */
const stepMs = 30_000;
const stepAgreementMs = 5_000;

/** A device of which no time was read yet. */
export const unknownClock: ClockState = { offsetMs: 0, source: null, samples: [] };

/**
 * The clock after one more reading: the least of the recent ones, since the network can only add to the difference. What a
 * device says directly takes the place of what its sketches let on.
 */
export function readClock(clock: ClockState, source: "hello" | "sketch", reading: ClockSample): ClockState {
  if (source === "sketch" && clock.source === "hello") return clock;
  const known = clock.source === source ? clock.samples : [];
  const samples = withoutPast([...known, reading]);
  const least = Math.round(Math.min(...samples.map(({ offsetMs }) => offsetMs)));
  return { source, samples, offsetMs: settled(clock.offsetMs, least) };
}

/** Small differences change nothing, so that neighbouring windows stay neighbours. */
function settled(before: number, now: number): number {
  if (Math.abs(now - before) <= agreementMs) return before;
  return Math.abs(now) <= agreementMs ? 0 : now;
}

function withoutPast(samples: readonly ClockSample[]): readonly ClockSample[] {
  const newest = samples.at(-1)!.at;
  const recent = samples.filter(({ at }) => at > newest - longestAgeMs).slice(-mostSamples);
  const [before, last] = recent.slice(-2);
  if (before === undefined || last === undefined) return recent;
  const least = Math.min(...recent.map(({ offsetMs }) => offsetMs));
  const wasSet =
    Math.min(before.offsetMs, last.offsetMs) - least > stepMs &&
    Math.abs(before.offsetMs - last.offsetMs) <= stepAgreementMs;
  return wasSet ? [before, last] : recent;
}

/** How far off a clock is, in a sentence; none while it is less than a minute. */
export function clockSentence(offsetMs: number): string | undefined {
  if (Math.abs(offsetMs) < 60_000) return undefined;
  const which = offsetMs > 0 ? "behind" : "ahead of";
  return `Its clock is ${spanText(Math.abs(offsetMs))} ${which} the hub's; its times are corrected by that until its clock is set.`;
}

/** A span of time in its two largest units. */
export function spanText(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}
