import { HubAnswerError } from "../../../api/hub-answer.ts";
import type { Delivery, Letter } from "./outbox.ts";

/** HTTP answers after which the same letter may well be taken later. */
const passing: ReadonlySet<number> = new Set([0, 408, 425, 429]);

/** What a failed sending means for its letter. */
export function deliveryOf(error: unknown, letter: Pick<Letter, "path">): Delivery {
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HubAnswerError)) return { kind: "later", why };
  if (error.status === 401 || error.status === 403) return { kind: "signed-out", why };
  if (passing.has(error.status) || error.status >= 500) return { kind: "later", why };
  // What was never recorded, or was replaced by somebody else meanwhile, needs no taking back.
  if (letter.path.endsWith("/undo") && ["not-found", "label-conflict"].includes(error.code)) return { kind: "stored" };
  return { kind: "refused", why };
}
