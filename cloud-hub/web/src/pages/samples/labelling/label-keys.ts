/** What a key means while labelling. rank: from 0, of the classes listed */
export type LabelKey =
  | { readonly kind: "choose"; readonly rank: number }
  | { readonly kind: "accept" | "undo" | "skip" | "unsure" | "toggle-track" | "search" | "close" }
  | { readonly kind: "move" | "frame"; readonly by: -1 | 1 };

/** A key press, as the browser tells it. */
export type KeyPress = {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
};

const keys: Readonly<Record<string, LabelKey>> = {
  Enter: { kind: "accept" },
  u: { kind: "undo" },
  s: { kind: "skip" },
  "?": { kind: "unsure" },
  t: { kind: "toggle-track" },
  "/": { kind: "search" },
  Escape: { kind: "close" },
  ArrowLeft: { kind: "move", by: -1 },
  ArrowRight: { kind: "move", by: 1 },
  ArrowUp: { kind: "frame", by: -1 },
  ArrowDown: { kind: "frame", by: 1 },
};

/** Keys that may be held down; of every other only the first press counts, so that nothing is labelled by leaning on it. */
const repeating: ReadonlySet<LabelKey["kind"]> = new Set(["move", "frame"]);

/** The meaning of a key press, `undefined` when it belongs to the browser. */
export function meaningOf(press: KeyPress): LabelKey | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const meaning = /^[1-9]$/.test(press.key)
    ? ({ kind: "choose", rank: Number(press.key) - 1 } as const)
    : keys[press.key.length === 1 ? press.key.toLowerCase() : press.key];
  return press.repeat && meaning !== undefined && !repeating.has(meaning.kind) ? undefined : meaning;
}
