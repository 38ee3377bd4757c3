/** A key, or keys one after the other ("g d"), and what they do. group: its heading in the help */
export type Shortcut = {
  readonly keys: string;
  readonly title: string;
  readonly group: string;
  readonly run: () => void;
};

/** What a key press means, given what was pressed just before. */
export type Match =
  | { readonly kind: "run"; readonly shortcut: Shortcut }
  | { readonly kind: "begun"; readonly pressed: string }
  | { readonly kind: "none" };

/**
 * Finds the shortcut that a key completes. pressed: the keys before it that began one, "" for none
 * A key that continues nothing is looked at as a beginning of its own. Of equal keys the one added last counts.
 */
export function matchKey(shortcuts: readonly Shortcut[], pressed: string, key: string): Match {
  const typed = pressed === "" ? key : `${pressed} ${key}`;
  const shortcut = shortcuts.findLast(({ keys }) => keys === typed);
  if (shortcut !== undefined) return { kind: "run", shortcut };
  if (shortcuts.some(({ keys }) => keys.startsWith(`${typed} `))) return { kind: "begun", pressed: typed };
  return pressed === "" ? { kind: "none" } : matchKey(shortcuts, "", key);
}

/** Whether keys belong to what has the focus: text being written, or a dialog's own. */
export function takesText(element: {
  readonly tagName?: string;
  readonly isContentEditable?: boolean;
  readonly type?: string;
}): boolean {
  if (element.isContentEditable === true) return true;
  if (element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
  return element.tagName === "INPUT" && !["checkbox", "radio", "button"].includes(element.type ?? "text");
}
