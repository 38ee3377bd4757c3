import type { Hub } from "../hub-parts.ts";

const everyMs = 5_000;

/** Writes who came, went and was heard into the tables every few seconds; returns what writes the rest and ends it. */
export function savePresence(hub: Hub, onError: (error: unknown) => void): () => Promise<void> {
  let saving: Promise<void> = Promise.resolve();
  const save = () => {
    saving = saving.then(() => saveChanges(hub)).catch(onError);
    return saving;
  };
  const timer = setInterval(save, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return save();
  };
}

async function saveChanges(hub: Hub): Promise<void> {
  const changes = hub.presence.takeChanges();
  if (changes.length === 0) return;
  await hub.rows(
    `update devices d set connected_at = c."connectedAt", disconnected_at = c."disconnectedAt",
       last_seen = greatest(d.last_seen, c."heardAt")
     from jsonb_to_recordset($2::jsonb) as c(device text, "connectedAt" bigint, "disconnectedAt" bigint, "heardAt" bigint)
     where d.fleet = $1 and d.device = c.device`,
    [hub.fleet, JSON.stringify(changes)],
  );
}
