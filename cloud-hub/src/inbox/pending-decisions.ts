import { HubError } from "../errors.ts";
import type { DecisionOutcome } from "./decision-drain.ts";

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (error: HubError) => void };

/** Who waits for which decision to reach the tables. */
export class PendingDecisions {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #limitMs: number;

  /** limitMs: after which a decision that is stored but not applied is answered as such */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Stores a decision by `note`, then waits for what comes of it. */
  async decide(id: string, note: () => Promise<void>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    const waiting = { resolve, reject };
    this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(waiting));
    let limit: NodeJS.Timeout | undefined;
    try {
      await note();
      limit = setTimeout(() => reject(late(id, this.#limitMs)), this.#limitMs);
      return await promise;
    } finally {
      clearTimeout(limit);
      this.#leave(id, waiting);
    }
  }

  settle(id: string, outcome: DecisionOutcome): void {
    for (const { resolve, reject } of this.#waiting.get(id) ?? []) {
      if (outcome.ok) resolve(outcome.result);
      else reject(new HubError(outcome.code, outcome.message));
    }
  }

  /** Answers everyone who waits with what keeps the tables from moving: it needs a person, so waiting on would help nobody. */
  stall({ code, message }: HubError): void {
    for (const [id, all] of this.#waiting) {
      const sentence = `${message} Decision "${id}" is stored and will be applied then.`;
      for (const { reject } of all) reject(new HubError(code, sentence));
    }
  }

  /** Ends every wait: the hub closes. */
  close(): void {
    for (const [id, all] of this.#waiting) for (const { reject } of all) reject(late(id, 0));
  }

  #leave(id: string, waiting: Waiting): void {
    const all = this.#waiting.get(id);
    all?.delete(waiting);
    if (all?.size === 0) this.#waiting.delete(id);
  }
}

const late = (id: string, limitMs: number): HubError =>
  new HubError(
    "sql-lost",
    `Expected decision "${id}" in the tables within ${limitMs} ms; it is stored and will be applied once the database answers.`,
  );
