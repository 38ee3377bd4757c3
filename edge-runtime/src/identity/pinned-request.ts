import { request } from "node:http";
import type { Socket } from "node:net";
import { EdgeRuntimeError } from "../errors.ts";
import { connectPinned } from "../uplink/pinned-socket.ts";

const answerTimeoutMs = 20_000;
const largestAnswerBytes = 64 * 1024;

/** A hub's answer to one request. */
export interface HubAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Posts JSON to a hub over a connection whose certificate is checked first.
 * @throws {EdgeRuntimeError} `hub-unreachable`, `wrong-fingerprint`
 */
export async function postPinned(url: URL, fingerprint: string | undefined, body: unknown): Promise<HubAnswer> {
  const socket = await connectPinned(url, fingerprint);
  try {
    return await exchange(url, socket, JSON.stringify(body));
  } catch (cause) {
    throw new EdgeRuntimeError(
      "hub-unreachable",
      `Expected an answer of the hub at ${url.host}, got ${(cause as Error).message}; try again.`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
}

function exchange(url: URL, socket: Socket, body: string): Promise<HubAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: url.host,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    };
    const path = `${url.pathname}${url.search}`;
    const sent = request({ createConnection: () => socket, method: "POST", path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > largestAnswerBytes) sent.destroy(new Error(`more than ${largestAnswerBytes} bytes`));
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.once("error", reject);
    });
    sent.setTimeout(answerTimeoutMs, () => sent.destroy(new Error(`nothing for ${answerTimeoutMs} ms`)));
    sent.once("error", reject);
    sent.end(body);
  });
}
