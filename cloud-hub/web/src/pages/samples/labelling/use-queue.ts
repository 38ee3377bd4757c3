import { useCallback, useEffect, useRef, useState } from "react";
import { useContact } from "../../../live/use-live.ts";
import { type LabelSession, openQuestions, type SessionEvent, upcoming } from "./label-session.ts";
import type { LabellingSearch } from "./labelling-search.ts";
import { claimQuestions, lookAtQueue, type QueuePage, releaseClaims, renewClaims } from "./queue-requests.ts";

const batch = 40;
/** Questions that should be at hand; below this, more are asked for. */
const leastAhead = 15;
const renewEveryMs = 25_000;
/** Keys that one request may leave out. */
const excludeAtMost = 500;

/** How the supply of questions stands. isDry: the hub had nothing new when it was asked last */
export type Queue = {
  readonly waiting: number | undefined;
  readonly isAsking: boolean;
  readonly isDry: boolean;
  readonly error: unknown;
  readonly ask: () => void;
};

/**
 * Feeds a session from the hub's queue: more is asked for before it runs dry. Questions at hand are this person's alone while
 * the page is open. mayAnswer: without it the queue is only looked at
 */
export function useQueue(options: {
  search: LabellingSearch;
  session: LabelSession;
  apply: (event: SessionEvent) => void;
  mayAnswer: boolean;
}): Queue {
  const { search, session, apply, mayAnswer } = options;
  const [state, setState] = useState<Omit<Queue, "ask">>({
    waiting: undefined,
    isAsking: false,
    isDry: false,
    error: undefined,
  });
  const latest = useRef({ session, search, mayAnswer });
  useEffect(() => {
    latest.current = { session, search, mayAnswer };
  });
  const isAsking = useRef(false);
  const ask = useCallback(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    setState((before) => ({ ...before, isAsking: true }));
    fetchMore(latest.current)
      .then(({ items, candidates }) => {
        const known = new Set(latest.current.session.questions.map(({ key }) => key));
        apply({ kind: "arrived", questions: items });
        const isDry = items.every(({ key }) => known.has(key));
        setState({ waiting: candidates, isAsking: false, isDry, error: undefined });
      })
      .catch((error: unknown) => setState((before) => ({ ...before, isAsking: false, error })))
      .finally(() => {
        isAsking.current = false;
      });
  }, [apply]);

  const ahead = upcoming(session, leastAhead).length;
  const isWanted = ahead < leastAhead && !state.isDry && state.error === undefined && session.head !== "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: every step forward may need more
  useEffect(() => {
    if (isWanted) ask();
  }, [isWanted, ask, session.position]);
  const contact = useContact();
  useEffect(() => {
    if (contact.kind === "answering") setState((before) => ({ ...before, error: undefined }));
  }, [contact]);
  useClaims(latest, apply);
  return { ...state, ask };
}

type Latest = { readonly session: LabelSession; readonly search: LabellingSearch; readonly mayAnswer: boolean };

function fetchMore({ session, search, mayAnswer }: Latest): Promise<QueuePage> {
  const keys = session.questions.map(({ key }) => key).slice(-excludeAtMost);
  return mayAnswer ? claimQuestions(search, batch, keys) : lookAtQueue(search, batch);
}

/** Keeps what is at hand this person's, and gives it back when the page is left. */
function useClaims(latest: { readonly current: Latest }, apply: (event: SessionEvent) => void): void {
  useEffect(() => {
    const openKeys = () => openQuestions(latest.current.session).map(({ key }) => key);
    const renew = () => {
      const keys = openKeys();
      if (!latest.current.mayAnswer || keys.length === 0) return;
      renewClaims(keys)
        .then((lost) => lost.length > 0 && apply({ kind: "taken", keys: lost }))
        .catch(() => undefined); // a hub that is gone is told of by the page's banner, and answers wait in the outbox
    };
    const leave = () => {
      if (latest.current.mayAnswer && openKeys().length > 0) releaseClaims(openKeys(), false);
    };
    const timer = setInterval(renew, renewEveryMs);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [latest, apply]);
}
