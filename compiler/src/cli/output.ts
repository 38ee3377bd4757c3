import type { Figure } from "@fieldloop/devices";

/** Where a command's text goes. */
export type Write = (text: string) => void;

/** Prints a command's result as one line of JSON, or as the lines that a person reads. */
export type Print = (options: { readonly json?: boolean }, value: unknown, lines: () => readonly string[]) => void;

/** A printer that writes there. */
export function printer(write: Write): Print {
  return (options, value, lines) => write(options.json ? `${JSON.stringify(value)}\n` : `${lines().join("\n")}\n`);
}

/** Columns padded to equal width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A share in percent, or a difference in points, with its interval and n. */
export function percent(figure: Figure | null): string {
  if (figure === null) return "not measured";
  const points = (share: number) => (share * 100).toFixed(1);
  return `${points(figure.value)} (${points(figure.low)} to ${points(figure.high)}, n ${figure.n})`;
}

/** A whole number as people write it on a command line. @throws an error that names the option's value */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`Expected a whole number above zero, found "${text}".`);
}
