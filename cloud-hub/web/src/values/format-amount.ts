const byteUnits = ["B", "KB", "MB", "GB", "TB"] as const;

/** Three figures that matter, without trailing zeros: 0.123, 12.3, 1234. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return withMinus(trimZeros(value.toFixed(digits)));
}

/** A count with narrow spaces between thousands: "12 345". */
export function countText(count: number): string {
  return withMinus(String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"));
}

/** Bytes in steps of 1,000: "1.23 MB". */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : shortNumber(value)} ${byteUnits[unit]}`;
}

/** A span of time in one or two units: "850 µs", "12.3 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function durationText(ms: number): string {
  if (ms < 1) return `${shortNumber(ms * 1000)} µs`;
  if (ms < 1000) return `${shortNumber(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${shortNumber(ms / 1000)} s`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  return two(Math.floor(minutes / 1440), "d", Math.floor((minutes % 1440) / 60), "h");
}

/** A value in its unit: shares as percent, microseconds as a duration, others with three figures. */
export function valueText(value: number, unit: string): string {
  if (unit === "share") return `${shortNumber(value * 100)} %`;
  if (unit === "points") return `${shortNumber(value * 100)} points`;
  if (unit === "us" || unit === "µs") return durationText(value / 1000);
  if (unit === "ms") return durationText(value);
  return unit === "" ? shortNumber(value) : `${shortNumber(value)} ${unit}`;
}

const two = (first: number, firstUnit: string, second: number, secondUnit: string): string =>
  second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`;

const trimZeros = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
const withMinus = (text: string): string => text.replace("-", "−");
