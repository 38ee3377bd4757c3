import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { openChangeGate } from "./change-gate.ts";
import { type Contact, currentContact, onContact } from "./contact.ts";
import { startLive } from "./live-link.ts";
import type { Topic } from "./topic.ts";

/** Most refetches of what a page shows: one per this time. */
const refetchEveryMs = 1500;

/** Whether the hub answers, as this tab last knew. */
export function useContact(): Contact {
  return useSyncExternalStore(onContact, currentContact);
}

/** Asks again for what changed at the hub, for as long as the component stands. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const gate = openChangeGate((topics) => {
      // Everything is asked anew when the hub is back; until then asking would only knock at a closed door.
      if (currentContact().kind === "silent") return;
      for (const query of client.getQueryCache().findAll({ predicate: (query) => isAbout(query, topics) })) {
        void askAgain(client, query);
      }
    }, refetchEveryMs);
    const stop = startLive({ onChange: gate.add, onOpen: () => void client.invalidateQueries({ predicate: isLive }) });
    return () => {
      stop();
      gate.close();
    };
  }, [client]);
}

/** A query is about the topic that its key starts with; the overview is about all; `meta.live: false` wants to be left alone. */
function isAbout(query: Query, topics: ReadonlySet<Topic>): boolean {
  const [first] = query.queryKey;
  return isLive(query) && (first === "overview" || topics.has(first as Topic)); // keys are compared as text
}

/** An answer under way may be older than the change: it is let in, then asked for anew. */
async function askAgain(client: QueryClient, query: Query): Promise<void> {
  await query.promise?.catch(() => undefined);
  await client.invalidateQueries({ queryKey: query.queryKey, exact: true });
}

const isLive = ({ meta }: Query): boolean => meta?.live !== false;
