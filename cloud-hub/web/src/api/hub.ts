import { hubAnswered, hubSilent } from "../live/contact.ts";
import { HubAnswerError, refusalOf } from "./hub-answer.ts";
import { type QueryValues, queryText } from "./query-text.ts";

const timeoutMs = 20_000;

/**
 * Asks the hub for JSON.
 * @throws {HubAnswerError} with the hub's code and sentence, or `unreachable`
 */
export function get<T>(path: string, query: QueryValues = {}, signal?: AbortSignal): Promise<T> {
  return call<T>(`${path}${queryText(query)}`, { method: "GET", signal });
}

/** Sends JSON to the hub; the cookie of the session goes with it. @throws {HubAnswerError} */
export function post<T>(path: string, body: object = {}): Promise<T> {
  return call<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Removes something at the hub. @throws {HubAnswerError} */
export function remove<T>(path: string): Promise<T> {
  return call<T>(path, { method: "DELETE" });
}

async function call<T>(path: string, { signal, ...init }: RequestInit): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  const response = await send(path, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  const text = await response.text();
  hubAnswered();
  if (!response.ok) throw refusalOf(response.status, text);
  return (text === "" ? undefined : JSON.parse(text)) as T; // the caller names what the route's schema promises
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    hubSilent();
    throw new HubAnswerError(
      "unreachable",
      "The hub does not answer. It may be starting again; this page goes on as soon as it is back.",
      0,
      { cause },
    );
  }
}
