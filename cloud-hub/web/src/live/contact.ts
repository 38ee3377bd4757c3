/** Whether the hub answers. since: when it last did, or was first missed (ms since 1970) */
export type Contact =
  | { readonly kind: "unknown" }
  | { readonly kind: "answering" }
  | { readonly kind: "silent"; readonly since: number };

let contact: Contact = { kind: "unknown" };
const listeners = new Set<() => void>();

/** What this tab knows of the hub. */
export const currentContact = (): Contact => contact;

/** Listens for changes of the contact; gives back how to stop. */
export function onContact(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Notes that the hub answered. */
export function hubAnswered(): void {
  if (contact.kind !== "answering") become({ kind: "answering" });
}

/** Notes that the hub did not answer; the first miss counts as the beginning. */
export function hubSilent(since = Date.now()): void {
  if (contact.kind !== "silent") become({ kind: "silent", since });
}

function become(next: Contact): void {
  contact = next;
  for (const listener of [...listeners]) listener();
}
