/** One thing to tell the hub. id: the hub takes it once, however often it is sent · attempts: sendings so far */
export type Letter = {
  readonly id: string;
  readonly at: number;
  readonly path: string;
  readonly body: unknown;
  readonly attempts: number;
};

/** What became of a sending. */
export type Delivery =
  | { readonly kind: "stored" }
  | { readonly kind: "later"; readonly why: string }
  | { readonly kind: "signed-out"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

/** What a page shows of its outbox. failingSince: ms, while sendings fail · isDurable: whether it survives a reload */
export type OutboxState = {
  readonly waiting: number;
  readonly refused: readonly { readonly letter: Letter; readonly why: string }[];
  readonly failingSince: number | null;
  readonly why: string | null;
  readonly isSignedOut: boolean;
  readonly isDurable: boolean;
};

/** What an outbox needs of its world. exclusive: runs one sender per browser at a time */
export type OutboxWorld = {
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
  readonly send: (letter: Letter) => Promise<Delivery>;
  readonly clock: () => number;
  readonly random: () => number;
  readonly wait: (ms: number, run: () => void) => () => void;
  readonly exclusive: (run: () => Promise<void>) => Promise<void>;
};

/** Letters are sent in order, one at a time, until each is stored or refused; none is dropped. */
export type Outbox = {
  readonly post: (letter: Pick<Letter, "id" | "path" | "body">) => void;
  /** Takes a letter back; `false` when it may have reached the hub already. */
  readonly withdraw: (id: string) => boolean;
  readonly forgetRefused: (id: string) => void;
  readonly retryNow: () => void;
  readonly state: () => OutboxState;
  readonly subscribe: (listener: () => void) => () => void;
  readonly close: () => void;
};

const prefix = "fieldloop.outbox.";
const leastWaitMs = 500;
const mostWaitMs = 15_000;

/** How long to wait after so many failures in a row: doubling to 15 s, anywhere in its upper half. */
export function backoffMs(failures: number, random: () => number): number {
  const whole = Math.min(mostWaitMs, leastWaitMs * 2 ** Math.min(10, Math.max(0, failures - 1)));
  return whole / 2 + (whole / 2) * random();
}

/** Opens the browser's outbox; letters of earlier visits are sent first. */
export function openOutbox(world: OutboxWorld): Outbox {
  const { storage, clock, random, wait, exclusive } = world;
  const listeners = new Set<() => void>();
  const inMemory = new Map<string, Letter>();
  let refused: OutboxState["refused"] = [];
  let inFlight: string | undefined;
  let failures = 0;
  let order = 0;
  let failingSince: number | null = null;
  let why: string | null = null;
  let isSignedOut = false;
  let cancelWait: (() => void) | undefined;
  let isSending = false;
  let isClosed = false;
  let shown = snapshot();

  function snapshot(): OutboxState {
    return { waiting: letters().length, refused, failingSince, why, isSignedOut, isDurable: inMemory.size === 0 };
  }

  function changed(): void {
    shown = snapshot();
    for (const listener of listeners) listener();
  }

  function letters(): readonly { readonly key: string; readonly letter: Letter }[] {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    const stored = keys
      .filter((key) => key.startsWith(prefix))
      .map((key) => ({ key, letter: parse(storage.getItem(key)) }));
    const held = [...inMemory].map(([key, letter]) => ({ key, letter }));
    return [...stored, ...held]
      .filter((entry): entry is { key: string; letter: Letter } => entry.letter !== undefined)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  function write(key: string, letter: Letter): void {
    try {
      storage.setItem(key, JSON.stringify(letter));
      inMemory.delete(key);
    } catch {
      inMemory.set(key, letter); // storage is full or forbidden: kept while the page is open, and the page says so
    }
  }

  function remove(key: string): void {
    storage.removeItem(key);
    inMemory.delete(key);
  }

  async function sendAll(): Promise<void> {
    if (isSending || isClosed || isSignedOut) return;
    isSending = true;
    cancelWait?.();
    cancelWait = undefined;
    try {
      await exclusive(async () => {
        for (let next = letters()[0]; next !== undefined && !isClosed; next = letters()[0]) {
          if (!(await sendOne(next.key, next.letter))) return;
        }
      });
    } finally {
      isSending = false;
    }
    if (isClosed || isSignedOut || letters().length === 0) return;
    if (failures === 0) void sendAll();
    else cancelWait = wait(backoffMs(failures, random), () => void sendAll());
  }

  async function sendOne(key: string, letter: Letter): Promise<boolean> {
    inFlight = letter.id;
    write(key, { ...letter, attempts: letter.attempts + 1 });
    const delivery = await world
      .send(letter)
      .catch((error: unknown): Delivery => ({ kind: "later", why: String(error) }));
    inFlight = undefined;
    return settle(key, letter, delivery);
  }

  function settle(key: string, letter: Letter, delivery: Delivery): boolean {
    const isOver = delivery.kind === "stored" || delivery.kind === "refused";
    if (delivery.kind === "refused") refused = [...refused, { letter, why: delivery.why }];
    if (isOver) remove(key);
    isSignedOut = delivery.kind === "signed-out";
    failures = isOver ? 0 : failures + 1;
    failingSince = isOver ? null : (failingSince ?? clock());
    why = isOver ? null : delivery.why;
    changed();
    return isOver;
  }

  void sendAll();
  return {
    post({ id, path, body }) {
      order += 1;
      const at = clock();
      const key = `${prefix}${String(at).padStart(15, "0")}.${String(order).padStart(6, "0")}.${id}`;
      write(key, { id, at, path, body, attempts: 0 });
      changed();
      if (failures === 0) void sendAll();
    },
    withdraw(id) {
      const found = letters().find(({ letter }) => letter.id === id);
      if (found === undefined || found.letter.attempts > 0 || inFlight === id) return false;
      remove(found.key);
      changed();
      return true;
    },
    forgetRefused(id) {
      refused = refused.filter(({ letter }) => letter.id !== id);
      changed();
    },
    retryNow() {
      isSignedOut = false;
      void sendAll();
    },
    state: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      cancelWait?.();
    },
  };
}

function parse(text: string | null): Letter | undefined {
  try {
    const letter: unknown = JSON.parse(text ?? "");
    return isLetter(letter) ? letter : undefined;
  } catch {
    return undefined;
  }
}

function isLetter(value: unknown): value is Letter {
  if (typeof value !== "object" || value === null) return false;
  const { id, at, path, attempts } = value as Partial<Record<keyof Letter, unknown>>;
  return typeof id === "string" && typeof at === "number" && typeof path === "string" && typeof attempts === "number";
}
