import type { ServerResponse } from "node:http";
import type { ChangeFeed } from "./change-feed.ts";

/** A browser holds one stream for all its tabs. */
export const streamsPerPerson = 8;
export const streamsInAll = 500;
const heartbeatMs = 15_000;
/** A reader that lags by so many bytes is cut: it connects again and asks anew. */
const lagBytes = 64 * 1024;
const retryMs = 1000;
const retryJitterMs = 4000;

/** Who a stream is for. isAllowed: asked at every heartbeat, since a session may have ended */
export type StreamReader = {
  readonly owner: string;
  readonly isAllowed: () => Promise<boolean>;
};

/** Open streams of server-sent events. Source: HTML Standard, 9.2. */
export class EventStreams {
  readonly #changes: ChangeFeed;
  readonly #onLooking: () => void;
  readonly #open = new Map<ServerResponse, StreamReader>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  /** onLooking: called when somebody begins to look, and at every heartbeat while anybody does */
  constructor(changes: ChangeFeed, onLooking: () => void) {
    this.#changes = changes;
    this.#onLooking = onLooking;
  }

  /** Whether one more stream of this owner fits. */
  hasRoom(owner: string): boolean {
    const own = [...this.#open.values()].filter((reader) => reader.owner === owner).length;
    return own < streamsPerPerson && this.#open.size < streamsInAll;
  }

  /** Begins a stream on an answer whose head is not sent yet. */
  begin(response: ServerResponse, reader: StreamReader, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    response.write(`retry: ${Math.round(retryMs + retryJitterMs * Math.random())}\n\n`);
    response.on("close", () => this.#ended(response));
    this.#open.set(response, reader);
    this.#unsubscribe ??= this.#changes.subscribe((change) => {
      const text = `event: change\ndata: ${JSON.stringify(change)}\n\n`;
      for (const each of this.#open.keys()) this.#send(each, text);
    });
    this.#heartbeat ??= setInterval(() => void this.#beat(), heartbeatMs).unref();
    this.#onLooking();
  }

  /** Ends every stream; browsers come back after their retry time. */
  close(): void {
    for (const response of this.#open.keys()) response.end();
    this.#open.clear();
    this.#rest();
  }

  async #beat(): Promise<void> {
    this.#onLooking();
    for (const [response, reader] of [...this.#open]) {
      const isAllowed = await reader.isAllowed().catch(() => true); // the database is busy or lost: the next beat asks again
      if (isAllowed) this.#send(response, ":\n\n");
      else response.end();
    }
  }

  #send(response: ServerResponse, text: string): void {
    if (response.writableLength > lagBytes) response.destroy();
    else response.write(text);
  }

  #ended(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size === 0) this.#rest();
  }

  #rest(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}
