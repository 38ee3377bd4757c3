import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { takesText } from "../../../keyboard/shortcut.ts";
import { rankClasses, searchClasses } from "./class-list.ts";
import { meaningOf } from "./label-keys.ts";
import { type LabelSession, type SessionEvent, suggestionOf } from "./label-session.ts";

/** What the answers' side shows and does. listed: the classes that keys 1–9 choose, or those that match what is typed */
export type LabelKeys = {
  readonly listed: readonly string[];
  readonly typed: string | undefined;
  readonly type: (text: string | undefined) => void;
  readonly choose: (name: string) => void;
  readonly apply: (event: SessionEvent) => void;
  readonly act: (kind: "skip" | "unsure") => void;
};

/** Listens to the whole page's keyboard, and gives the same answers to buttons. */
export function useLabelKeys(options: {
  session: LabelSession;
  apply: (event: SessionEvent) => void;
  names: readonly string[];
  isAllowed: boolean;
}): LabelKeys {
  const { session, apply, names, isAllowed } = options;
  const [typed, type] = useState<string>();
  const [counts] = useState<Readonly<Record<string, number>>>({});
  const suggestion = suggestionOf(session);
  const listed = useMemo(
    () => (typed === undefined ? rankClasses({ classes: names, suggestion, counts }) : searchClasses(names, typed)),
    [typed, names, suggestion, counts],
  );
  const choose = useCallback(
    (name: string) => {
      if (!isAllowed) return;
      type(undefined);
      apply({ kind: "answer", id: crypto.randomUUID(), verdict: { kind: "class", class: name, suggestion } });
    },
    [apply, isAllowed, suggestion],
  );
  const act = useCallback(
    (kind: "skip" | "unsure") => {
      if (isAllowed) apply({ kind: "answer", id: crypto.randomUUID(), verdict: { kind } });
    },
    [apply, isAllowed],
  );
  const keys: LabelKeys = { listed, typed, type, choose, apply, act };
  const latest = useRef({ keys, isAllowed });
  useEffect(() => {
    latest.current = { keys, isAllowed };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isElsewhere(event)) return;
      if (press(event, latest.current.keys, latest.current.isAllowed)) event.preventDefault();
    };
    // Before the page's own shortcuts, since some of these keys mean something else there.
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, []);
  return keys;
}

function press(event: KeyboardEvent, keys: LabelKeys, isAllowed: boolean): boolean {
  const meaning = meaningOf(event);
  if (meaning === undefined) return false;
  switch (meaning.kind) {
    case "choose": {
      const name = keys.listed[meaning.rank];
      if (name !== undefined) keys.choose(name);
      return name !== undefined;
    }
    case "accept":
      if (isAllowed) keys.apply({ kind: "accept", id: crypto.randomUUID() });
      return true;
    case "skip":
    case "unsure":
      keys.act(meaning.kind);
      return true;
    case "search":
      keys.type("");
      return true;
    case "close":
      keys.type(undefined);
      return true;
    case "undo":
    case "toggle-track":
      keys.apply({ kind: meaning.kind });
      return true;
    case "move":
    case "frame":
      keys.apply({ kind: meaning.kind, by: meaning.by });
      return true;
  }
}

/** Whether a key belongs to something else: text, a dialog, or a button or link that Enter and space press. */
function isElsewhere(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (takesText(target) || target.closest('[role="dialog"]') !== null) return true;
  return (event.key === "Enter" || event.key === " ") && target.closest("a, button, summary") !== null;
}
