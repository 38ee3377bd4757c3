import { secondsText } from "../report/figure-text.ts";
import type { StepRecord } from "../report/loop-report.ts";
import { type Look, paint } from "./style.ts";

/** Columns that everything fits into. */
export const columns = 80;

const titleWidth = 14;
const secondsWidth = 12;
const indent = " ".repeat(4 + titleWidth);

/** Formats a step, or a remark under one: figures joined by `·`, wrapped under each other, seconds at the right edge. */
export function stepLines(look: Look, step: StepRecord | { readonly text: string }): string[] {
  if ("text" in step) return wrap(step.text.split(" "), " ", columns - indent.length).map((line) => indent + line);
  const width = columns - indent.length - secondsWidth;
  const [first = "", ...rest] = wrap(step.figures, " · ", width).flatMap((line) => foldLine(line, width));
  const seconds = secondsText(step.seconds).padStart(columns - indent.length - first.length);
  return [`${stepHead(look, step)}${first}${paint(look, "dim", seconds)}`, ...rest.map((line) => indent + line)];
}

/** The start of a step's line: its number and title, padded to where the figures begin. */
export function stepHead(look: Look, { number, title }: Pick<StepRecord, "number" | "title">): string {
  const place = paint(look, "cyan", String(number).padStart(2));
  return `${place}  ${paint(look, "bold", title)}${" ".repeat(Math.max(1, titleWidth - title.length))}`;
}

function wrap(words: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= width)
      lines[lines.length - 1] = last + separator + word;
    else lines.push(word);
  }
  return lines;
}

/** Breaks a line that one long figure makes too wide between words; what follows hangs two columns in. */
function foldLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const [first = "", ...rest] = wrap(line.split(" "), " ", width);
  return [first, ...wrap(rest.join(" ").split(" "), " ", width - 2).map((part) => `  ${part}`)];
}
