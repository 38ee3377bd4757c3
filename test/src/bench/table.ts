import type { BenchOutcome, BenchResult } from "./bench.ts";

/** The outcome of a benchmark as lines of at most about 100 columns for a terminal. */
export function benchTable(name: string, machine: string, outcome: BenchOutcome): string {
  const lines = [`${name} on ${machine}`, ""];
  for (const result of outcome.results) lines.push(...resultLines(result));
  for (const { id, why } of outcome.skipped) lines.push(`  – ${id}: skipped, ${why}`);
  return `${lines.join("\n")}\n`;
}

function resultLines({ id, what, value, unit, goal, met, n, note }: BenchResult): string[] {
  const mark = met === null ? "·" : met ? "✓" : "✗";
  const first = `  ${mark} ${id}: ${rounded(value)} ${unit}  (goal: ${goal}; n=${n})`;
  return [first, `      ${what}${note === "" ? "" : ` — ${note}`}`];
}

const rounded = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4));
