import { HubError } from "../errors.ts";

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as people write it ("90s", "5m", "2h", "1d"; a bare number is seconds). @throws {HubError} `bad-request` */
export function durationMs(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) {
    throw new HubError("bad-request", `Expected ${option} to be a time like "90s", "5m" or "2h", got "${text}".`);
  }
  return Math.round(Number(match[1]) * unitsMs[(match[2] ?? "s") as keyof typeof unitsMs]); // one of the pattern's units
}
