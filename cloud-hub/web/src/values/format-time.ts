const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const day: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };

/** How far a zone is from UTC at a moment: "UTC", "UTC+1", "UTC−3:30". timeZone: an IANA name, the browser's unless given */
export function zoneText(at: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "shortOffset" }).formatToParts(at);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "UTC";
  return name.replace("GMT", "UTC").replace(/\+0$/, "").replace("-", "−");
}

/** The time of day with its zone: "14:03:12 (UTC+1)". */
export function clockText(at: number, timeZone?: string): string {
  return `${new Intl.DateTimeFormat("en-GB", { ...clock, timeZone }).format(at)} (${zoneText(at, timeZone)})`;
}

/** Day and time of day with its zone: "25 Nov 2026, 14:03:12 (UTC+1)". */
export function momentText(at: number, timeZone?: string): string {
  return `${new Intl.DateTimeFormat("en-GB", { ...day, timeZone }).format(at)}, ${clockText(at, timeZone)}`;
}

const steps = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1000 },
] as const;

/** A moment as seen from now: "just now", "12 s ago", "in 5 min". */
export function relativeText(at: number, now: number): string {
  const away = Math.abs(now - at);
  if (away < 2000) return "just now";
  const { unit, ms } = steps.find((step) => away >= step.ms) ?? { unit: "s", ms: 1000 };
  const amount = `${Math.floor(away / ms)} ${unit}`;
  return at <= now ? `${amount} ago` : `in ${amount}`;
}

/** How often a relative time has to be written anew, in ms: seconds move, days do not. */
export function relativeTickMs(at: number, now: number): number {
  return Math.abs(now - at) < 60_000 ? 1000 : 15_000;
}
