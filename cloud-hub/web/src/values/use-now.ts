import { useSyncExternalStore } from "react";

type Beat = { readonly listeners: Set<() => void>; now: number; timer: ReturnType<typeof setInterval> | undefined };

/** One timer per pace for the whole page, however many times are shown. */
const beats = new Map<number, Beat>();

function beatOf(everyMs: number): Beat {
  const known = beats.get(everyMs);
  if (known !== undefined) return known;
  const made: Beat = { listeners: new Set(), now: Date.now(), timer: undefined };
  beats.set(everyMs, made);
  return made;
}

function listen(everyMs: number, listener: () => void): () => void {
  const beat = beatOf(everyMs);
  beat.listeners.add(listener);
  beat.timer ??= setInterval(() => {
    beat.now = Date.now();
    for (const one of [...beat.listeners]) one();
  }, everyMs);
  return () => {
    beat.listeners.delete(listener);
    if (beat.listeners.size > 0) return;
    clearInterval(beat.timer);
    beat.timer = undefined;
  };
}

/** The time in ms, renewed every so often, or never when no pace is given. */
export function useNow(everyMs: number | undefined): number {
  const pace = everyMs ?? 0;
  return useSyncExternalStore(
    (listener) => (pace === 0 ? () => undefined : listen(pace, listener)),
    () => {
      const beat = beatOf(pace);
      // A beat that stood still would show an old time to the first who asks again.
      if (beat.timer === undefined && Date.now() - beat.now > 1000) beat.now = Date.now();
      return beat.now;
    },
  );
}
