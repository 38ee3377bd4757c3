import { type IncomingMessage, request } from "node:http";
import { decodeMessage } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import { connectPinned } from "../uplink/pinned-socket.ts";
import type { BlobStream, ReleaseFetcher } from "./fetcher.ts";

/** How a device reaches its hub over HTTP. */
export interface HubAddress {
  /** The hub's base URL. */
  readonly url: string;
  readonly fleet: string;
  readonly device: string;
  readonly credential: string;
  /** SHA-256 of the one certificate that is trusted, 64 hex digits; the machine's authorities where there is none. */
  readonly fingerprint?: string;
  /** How long the hub may stay silent; 30 s unless said otherwise. */
  readonly silenceMs?: number;
}

const maxManifestBytes = 1024 * 1024 + 256;

/** Takes a release from the hub with the device's credential; blobs resume where they were cut. */
export function httpFetcher(hub: HubAddress): ReleaseFetcher {
  return {
    async manifest(digest) {
      const answer = await ask(hub, `/v1/releases/${encodeURIComponent(digest)}/manifest`);
      requireStatus(answer, 200);
      return decodeMessage("signed", await bodyOf(answer, maxManifestBytes));
    },
    async blob({ digest }, fromByte): Promise<BlobStream> {
      const path = `/v1/blobs/${digest.slice("sha256:".length)}`;
      const answer = await ask(hub, path, fromByte > 0 ? { range: `bytes=${fromByte}-` } : {});
      if (answer.statusCode === 206) return { offset: rangeStart(answer), chunks: interruptible(answer) };
      requireStatus(answer, 200);
      return { offset: 0, chunks: interruptible(answer) };
    },
  };
}

async function ask(hub: HubAddress, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const url = new URL(path, hub.url);
  const socket = await connectPinned(url, hub.fingerprint);
  const authorization = `Device ${hub.fleet}/${hub.device}:${hub.credential}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      host: url.hostname,
      path: url.pathname,
      headers: { host: url.host, authorization, accept: "application/cbor, application/octet-stream", ...headers },
    });
    asked.setTimeout(hub.silenceMs ?? 30_000, () => asked.destroy(new Error("the hub fell silent")));
    asked.once("response", resolve);
    asked.once("error", (cause) => reject(interrupted(url.host, cause)));
    asked.end();
  });
}

function requireStatus(answer: IncomingMessage, expected: number): void {
  const { statusCode = 0 } = answer;
  if (statusCode === expected) return;
  answer.destroy();
  const mayPass = statusCode >= 500 || statusCode === 429 || statusCode === 408;
  throw new EdgeRuntimeError(
    mayPass ? "fetch-interrupted" : "fetch-refused",
    `Expected the hub to give what its desired state names, it answered ${statusCode}${statusCode === 401 ? "; enrol this device again" : ""}.`,
  );
}

function rangeStart(answer: IncomingMessage): number {
  const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1];
  if (start === undefined)
    throw new EdgeRuntimeError("fetch-refused", "The hub resumed a file without saying from where.");
  return Number(start);
}

async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of interruptible(answer)) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new EdgeRuntimeError("fetch-refused", `The hub's answer passes ${maxBytes} bytes; it is no manifest.`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

async function* interruptible(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (cause) {
    throw interrupted("the hub", cause);
  }
}

function interrupted(host: string, cause: unknown): EdgeRuntimeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EdgeRuntimeError(
    "fetch-interrupted",
    `The download from ${host} was interrupted (${why}); it goes on where it was cut.`,
    { cause },
  );
}
