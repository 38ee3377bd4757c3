import { styleText } from "node:util";

/** Where and how a story is printed. */
export interface Look {
  readonly isPlain: boolean;
}

/** Colours text, unless the look is plain. */
export function paint({ isPlain }: Look, style: "bold" | "dim" | "cyan", text: string): string {
  return isPlain ? text : styleText(style, text, { validateStream: false });
}
