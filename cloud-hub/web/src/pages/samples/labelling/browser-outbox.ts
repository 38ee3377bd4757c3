import { useSyncExternalStore } from "react";
import { post } from "../../../api/hub.ts";
import { deliveryOf } from "./delivery.ts";
import { type Outbox, type OutboxState, openOutbox } from "./outbox.ts";

let opened: Outbox | undefined;

/** This tab's outbox, opened once; what earlier visits left behind is sent first, one tab of the browser at a time. */
export function browserOutbox(): Outbox {
  opened ??= openOutbox({
    storage: localStorage,
    send: async (letter) => {
      try {
        await post(letter.path, letter.body as object); // written by this page, as objects
        return { kind: "stored" };
      } catch (error) {
        return deliveryOf(error, letter);
      }
    },
    clock: Date.now,
    random: Math.random,
    wait: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    exclusive: (run) => navigator.locks.request("fieldloop-outbox", run),
  });
  return opened;
}

/** What the outbox holds, as it changes. */
export function useOutbox(): OutboxState {
  const outbox = browserOutbox();
  return useSyncExternalStore(outbox.subscribe, outbox.state);
}
