import type { Topic } from "./topic.ts";

/** Holds changes together, so that many of them cause one refetch. */
export interface ChangeGate {
  add(topics: readonly Topic[]): void;
  close(): void;
}

/**
 * Lets the first change through at once and what follows in one piece per `everyMs`.
 * clock, wait: the time in ms, and a timer that gives back how to stop it
 */
export function openChangeGate(
  flush: (topics: ReadonlySet<Topic>) => void,
  everyMs: number,
  clock: () => number = Date.now,
  wait: (run: () => void, ms: number) => () => void = waitByTimer,
): ChangeGate {
  let pending = new Set<Topic>();
  let lastFlush = Number.NEGATIVE_INFINITY;
  let stop: (() => void) | undefined;
  const release = () => {
    stop = undefined;
    lastFlush = clock();
    const held = pending;
    pending = new Set();
    flush(held);
  };
  return {
    add(topics) {
      for (const topic of topics) pending.add(topic);
      if (pending.size > 0 && stop === undefined) stop = wait(release, Math.max(0, lastFlush + everyMs - clock()));
    },
    close() {
      stop?.();
      stop = undefined;
      pending.clear();
    },
  };
}

function waitByTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
