import type { Figure } from "@fieldloop/devices";

/** Prints a share with its interval and count: `83.1 % [79.0, 86.8] n=895`; null as `not compared`. */
export function figureText(figure: Figure | null): string {
  return figure === null ? "not compared" : `${percentText(figure)} ${countText(figure)}`;
}

/** The share and interval alone: `83.1 % [79.0, 86.8]`. */
export function percentText({ value, low, high }: Figure): string {
  return `${percent(value)} % [${percent(low)}, ${percent(high)}]`;
}

/** A paired difference of shares in points with its sign: `+19.0 points [+15.0, +23.0]`. */
export function pointsText({ value, low, high }: Figure): string {
  return `${points(value)} points [${points(low)}, ${points(high)}]`;
}

/** The number of independent units behind a figure: `n=895`. */
export function countText({ n }: Figure): string {
  return `n=${n}`;
}

const percent = (share: number): string => (100 * share).toFixed(1);

function points(share: number): string {
  const rounded = (100 * share).toFixed(1);
  return share < 0 && rounded !== "-0.0" ? rounded.replace("-", "−") : `+${rounded.replace("-", "")}`;
}

/** Bytes in the unit a person reads: `812 B`, `14.2 kB`, `3.1 MB` (powers of 1,000). */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Seconds, or minutes from one hundred seconds on: `8.4 s`, `2 min 05 s`. */
export function secondsText(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** A whole number with thousands set apart: `4,960`. */
export function wholeText(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A digest short enough for a line: `sha256:` and 16 of its hex digits. */
export const shortDigest = (digest: string): string => digest.slice(0, "sha256:".length + 16);
