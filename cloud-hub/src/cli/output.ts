import type { Figure } from "@fieldloop/devices";

/** Prints a command's result: the value itself as JSON, or the lines that a person reads. */
export function print(options: { readonly json?: boolean }, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${lines().join("\n")}\n`);
}

/** Columns padded to equal width, the first row being the header. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A share as a percentage with its interval and n. */
export function percent(figure: Figure | null): string {
  if (figure === null) return "not measured";
  const points = (share: number) => (share * 100).toFixed(1);
  return `${points(figure.value)} % (${points(figure.low)} to ${points(figure.high)}, n ${figure.n})`;
}

/** A moment as people write it, UTC to the second. */
export function moment(at: number | null): string {
  return at === null ? "never" : new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

/** The first 12 hex digits of a digest, enough to tell two apart on a screen. */
export const brief = (digest: string | null): string =>
  digest === null ? "none" : digest.replace("sha256:", "").slice(0, 12);
