import { get, post } from "../../../api/hub.ts";
import type { LabellingSearch } from "./labelling-search.ts";
import type { Question } from "./question.ts";

/** Questions in the order in which they should be answered. candidates: how many there were to choose from */
export type QueuePage = { readonly items: readonly Question[]; readonly candidates: number };

/** Looks at the queue without taking anything from it. */
export function lookAtQueue(
  { head: _, kind = "labelling", ...narrow }: LabellingSearch,
  limit: number,
): Promise<QueuePage> {
  return get<QueuePage>("/v1/queue", { ...narrow, kind, limit });
}

/** Takes questions that nobody else gets meanwhile. exclude: keys that are at hand or done already */
export function claimQuestions(
  { head: _, kind = "labelling", ...narrow }: LabellingSearch,
  limit: number,
  exclude: readonly string[],
): Promise<QueuePage> {
  return post<QueuePage>("/v1/queue/claims", { ...narrow, kind, limit, exclude });
}

/** Keeps questions for longer; answers those that somebody else has by now. */
export async function renewClaims(keys: readonly string[]): Promise<readonly string[]> {
  const { lost } = await post<{ lost: readonly { readonly key: string }[] }>("/v1/queue/claims/renew", { keys });
  return lost.map(({ key }) => key);
}

/** Gives questions back. skip: they are not offered to this person again for half a day · survives leaving the page */
export function releaseClaims(keys: readonly string[], skip: boolean): void {
  const body = JSON.stringify({ keys, skip });
  const headers = { "content-type": "application/json" };
  // Best effort: a claim that is not given back ends by itself within a minute.
  fetch("/v1/queue/claims/release", { method: "POST", keepalive: true, headers, body }).catch(() => undefined);
}
