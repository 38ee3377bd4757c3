import { secondsText } from "./figure-text.ts";
import type { WaveRecord } from "./loop-report.ts";

/** A wave in lines: who, how long, why, and each rule's figure beside its limits. */
export function waveText({ number, state, devices, ms, sentence, rules }: WaveRecord): string[] {
  if (state === "waiting") return [`wave ${number} (${devices.join(", ")}): never asked`];
  const took = ms === null ? "" : ` after ${secondsText(ms / 1000)}`;
  return [`wave ${number} (${devices.join(", ")}): ${state}${took}. ${sentence ?? ""}`.trim(), ...rules.map(ruleText)];
}

const marks: Readonly<Record<string, string>> = { healthy: "✓", harm: "✗" };

function ruleText({ title, verdict, value, low, high, harmAbove, healthyBelow }: WaveRecord["rules"][number]): string {
  const found =
    value === null || low === null || high === null
      ? "not measured"
      : `${signed(value)} [${signed(low)}, ${signed(high)}]`;
  return `${marks[verdict] ?? "…"} ${title}: ${found}; harm above ${harmAbove}, healthy below ${healthyBelow}`;
}

function signed(value: number): string {
  const text = Math.abs(value).toLocaleString("en-US", { maximumSignificantDigits: 2 });
  return value < 0 ? `−${text}` : `+${text}`;
}
