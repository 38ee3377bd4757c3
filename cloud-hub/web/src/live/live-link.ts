import { waitBeforeAttempt } from "./backoff.ts";
import { currentContact, hubAnswered, hubSilent } from "./contact.ts";
import { readTopics, type Topic } from "./topic.ts";

/** What one tab tells the others of the same browser. */
type Word =
  | { readonly kind: "change"; readonly topics: readonly Topic[] }
  | { readonly kind: "open" }
  | { readonly kind: "silent"; readonly since: number };

/** What a tab does with what it hears. onOpen: the stream stands (again), so all that was missed should be asked anew */
export type LiveListener = {
  readonly onChange: (topics: readonly Topic[]) => void;
  readonly onOpen: () => void;
};

const name = "fieldloop-live";
const checkEveryMs = 30_000;

/**
 * Keeps this tab up to date. One tab of the browser holds the stream, chosen by a web lock, and passes on what it hears; when
 * it closes, another takes over. Gives back how to stop.
 */
export function startLive(listener: LiveListener): () => void {
  const ending = new AbortController();
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Word>) => hear(data, listener);
  const say = (word: Word) => {
    channel.postMessage(word);
    hear(word, listener);
  };
  navigator.locks.request(name, { signal: ending.signal }, () => holdStream(say, ending.signal)).catch(() => undefined); // only the end of this tab's wish for the lock ends here
  return () => {
    ending.abort();
    channel.close();
  };
}

function hear(word: Word, { onChange, onOpen }: LiveListener): void {
  if (word.kind === "silent") hubSilent(word.since);
  else hubAnswered();
  if (word.kind === "open") onOpen();
  if (word.kind === "change") onChange(word.topics);
}

async function holdStream(say: (word: Word) => void, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const wasOpen = await streamOnce(say, signal);
    failures = wasOpen ? 1 : failures + 1;
    if (!signal.aborted && !(await answers())) say({ kind: "silent", since: silentSince() });
    await sleep(waitBeforeAttempt(failures, Math.random()), signal);
  }
}

function silentSince(): number {
  const contact = currentContact();
  return contact.kind === "silent" ? contact.since : Date.now();
}

/** Listens until the stream ends by itself or by `signal`; says whether it ever stood. */
function streamOnce(say: (word: Word) => void, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const source = new EventSource("/v1/events");
  let wasOpen = false;
  const end = () => {
    source.close();
    clearInterval(check);
    signal.removeEventListener("abort", end);
    resolve(wasOpen);
  };
  // A connection that died without a word (sleep, a pulled cable) is found by asking beside it.
  const check = setInterval(() => void answers().then((isThere) => isThere || end()), checkEveryMs);
  signal.addEventListener("abort", end);
  source.onerror = end;
  source.onopen = () => {
    wasOpen = true;
    say({ kind: "open" });
  };
  source.addEventListener("change", ({ data }: MessageEvent<string>) => {
    const topics = readTopics(data);
    if (topics.length > 0) say({ kind: "change", topics });
  });
  return promise;
}

async function answers(): Promise<boolean> {
  try {
    await fetch("/v1/health", { signal: AbortSignal.timeout(10_000) });
    hubAnswered();
    return true;
  } catch {
    return false;
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(end, ms);
  function end() {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    resolve();
  }
  signal.addEventListener("abort", end);
  return promise;
}
