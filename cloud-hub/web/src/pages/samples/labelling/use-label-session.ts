import { useCallback, useEffect, useRef, useState } from "react";
import { imageUrl } from "../sample-image.tsx";
import { browserOutbox } from "./browser-outbox.ts";
import { createImagePrefetch, loadImage } from "./image-prefetch.ts";
import { recordLetter, withdrawLetter } from "./label-letter.ts";
import {
  currentQuestion,
  type Effect,
  type LabelSession,
  newSession,
  type SessionEvent,
  step,
  upcoming,
} from "./label-session.ts";
import type { Question } from "./question.ts";
import { releaseClaims } from "./queue-requests.ts";

/** Questions whose images are fetched ahead. */
const aheadQuestions = 15;
/** Frames of one question that are fetched ahead. */
const aheadFrames = 6;

/**
 * A labelling session whose answers go to the hub by the outbox. Answers take effect here at once; the hub hears of them in
 * the order in which they were given.
 */
export function useLabelSession(head: string) {
  const [session, setSession] = useState<LabelSession>(() => newSession(head));
  const latest = useRef(session);
  const apply = useCallback((event: SessionEvent) => {
    const result = step(latest.current, event);
    latest.current = result.session;
    setSession(result.session);
    for (const effect of result.effects) tellHub(effect, result.session.head);
  }, []);
  const prefetch = useRef(createImagePrefetch(loadImage));
  useEffect(() => {
    const near = [currentQuestion(session), ...upcoming(session, aheadQuestions)].filter((each) => each !== undefined);
    prefetch.current.want(near.flatMap(framesAhead));
  }, [session]);
  return { session, apply };
}

function tellHub(effect: Effect, head: string): void {
  const outbox = browserOutbox();
  if (effect.kind === "record") {
    if (effect.act.verdict.kind === "skip") releaseClaims([effect.act.question], true);
    const letter = recordLetter(effect.act, head);
    if (letter !== undefined) outbox.post(letter);
  } else if (!outbox.withdraw(effect.act.id)) {
    const letter = withdrawLetter(effect.act, crypto.randomUUID());
    if (letter !== undefined) outbox.post(letter);
  }
}

const framesAhead = ({ samples }: Question): string[] => samples.slice(0, aheadFrames).map(imageUrl);
