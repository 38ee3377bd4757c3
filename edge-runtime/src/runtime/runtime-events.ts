import type { ReleaseEvent } from "../releases/index.ts";

/** What a program may listen to: how offered releases fare, which are refused, and failures that stop nothing. */
export interface RuntimeEvents {
  readonly release: ReleaseEvent;
  readonly refused: ReleaseEvent;
  readonly error: Error;
}

/** Hands events to their listeners; a listener that throws disturbs nobody. */
export class Listeners {
  readonly #listeners = new Map<keyof RuntimeEvents, Set<(event: never) => void>>();

  /** Adds a listener; returns the function that removes it. */
  add<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof RuntimeEvents>(name: Name, event: RuntimeEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: RuntimeEvents[Name]) => void)(event); // `add` stored it under the name of its event
      } catch {
        // a program's own mistake
      }
    }
  }
}
