import { useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { matchKey, type Shortcut, takesText } from "./shortcut.ts";

let all: readonly Shortcut[] = [];
const listeners = new Set<() => void>();
const sequenceMs = 1200;

function change(next: readonly Shortcut[]): void {
  all = next;
  for (const listener of [...listeners]) listener();
}

/** Every shortcut that stands now, for the help. */
export function useAllShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

/**
 * Adds shortcuts for as long as the component stands; what they run may change with every rendering.
 * They count before the page is painted: what is seen can be pressed.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  useLayoutEffect(() => {
    latest.current = shortcuts;
  });
  const signature = JSON.stringify(shortcuts.map(({ keys, title, group }) => [keys, title, group]));
  useLayoutEffect(() => {
    const names = JSON.parse(signature) as [string, string, string][];
    const added = names.map(([keys, title, group], index) => ({
      keys,
      title,
      group,
      run: () => latest.current[index]?.run(),
    }));
    change([...all, ...added]);
    return () => change(all.filter((one) => !added.includes(one)));
  }, [signature]);
}

/** Listens to the keyboard of the whole page. Keys with Ctrl, Alt or Meta, in text, or in a dialog are left alone. */
export function useKeyboard(): void {
  useLayoutEffect(() => {
    let pressed = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const forget = () => {
      pressed = "";
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      const target = event.target instanceof Element ? event.target : document.body;
      if (takesText(target) || target.closest('[role="dialog"]') !== null) return;
      const match = matchKey(all, pressed, event.key);
      clearTimeout(timer);
      pressed = match.kind === "begun" ? match.pressed : "";
      timer = setTimeout(forget, sequenceMs);
      if (match.kind !== "run") return;
      event.preventDefault();
      match.shortcut.run();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("keydown", onKey);
    };
  }, []);
}
