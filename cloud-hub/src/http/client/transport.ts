import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { HubError, type HubErrorCode } from "../../errors.ts";

/** Where a hub is and what a caller shows it. fingerprint: SHA-256 of its certificate, when it signed its own */
export type TransportOptions = {
  readonly url: string;
  readonly token?: string;
  readonly fingerprint?: string;
  readonly timeoutMs?: number;
};

/** One call. body: JSON when it is an object, CBOR when it is bytes */
export type Call = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: object | Uint8Array;
};

const defaultTimeoutMs = 10 * 60_000;

/**
 * Makes one HTTP call and gives back the body's bytes.
 * A hub with a certificate of its own is trusted by fingerprint, which is compared before anything is sent.
 * @throws {HubError} `unreachable`, or the code and sentence that the hub answered
 */
export async function callHub(options: TransportOptions, call: Call): Promise<Buffer> {
  const url = new URL(call.path + queryText(call.query), options.url);
  const payload =
    call.body === undefined || call.body instanceof Uint8Array ? call.body : Buffer.from(JSON.stringify(call.body));
  const response = await send(url, options, call, payload);
  const bytes = await readAll(response);
  if ((response.statusCode ?? 500) < 400) return bytes;
  throw refusalOf(bytes, response.statusCode ?? 500, url);
}

function send(
  url: URL,
  options: TransportOptions,
  call: Call,
  payload: Uint8Array | undefined,
): Promise<IncomingMessage> {
  const isSecure = url.protocol === "https:";
  const request = isSecure
    ? httpsRequest(url, { method: call.method, rejectUnauthorized: options.fingerprint === undefined, agent: false })
    : httpRequest(url, { method: call.method });
  if (options.token !== undefined) request.setHeader("authorization", `Bearer ${options.token}`);
  if (payload !== undefined) {
    request.setHeader("content-type", call.body instanceof Uint8Array ? "application/cbor" : "application/json");
    request.setHeader("content-length", payload.byteLength);
  }
  request.setTimeout(options.timeoutMs ?? defaultTimeoutMs, () => request.destroy(new Error("timed out")));
  return new Promise((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", (cause) => reject(cause instanceof HubError ? cause : unreachable(url, cause)));
    if (!isSecure || options.fingerprint === undefined) {
      request.end(payload);
      return;
    }
    request.on("socket", (socket) => {
      socket.on("secureConnect", () => {
        const found = fingerprintOf(socket as TLSSocket);
        if (found === options.fingerprint) request.end(payload);
        else request.destroy(wrongCertificate(url, found));
      });
    });
  });
}

function fingerprintOf(socket: TLSSocket): string {
  return (socket.getPeerCertificate().fingerprint256 ?? "").replaceAll(":", "").toLowerCase();
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function queryText(query: Call["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function refusalOf(bytes: Buffer, status: number, url: URL): HubError {
  try {
    const { code, message } = JSON.parse(bytes.toString("utf8")) as { code?: HubErrorCode; message?: string };
    if (code !== undefined && message !== undefined) return new HubError(code, message);
    throw new TypeError("not an answer of a hub");
  } catch {
    return new HubError(
      "unreachable",
      `Expected an answer of a fieldloop hub at ${url.origin}, got HTTP ${status}; check --hub.`,
    );
  }
}

function unreachable(url: URL, cause: Error): HubError {
  return new HubError(
    "unreachable",
    `Expected a hub at ${url.origin}, got "${cause.message || cause.name}"; start it with "fieldloop hub" or name it with --hub.`,
    { cause },
  );
}

function wrongCertificate(url: URL, found: string): HubError {
  return new HubError(
    "unreachable",
    `Expected the hub at ${url.origin} to show the pinned certificate, it showed ${found.slice(0, 16)}…; check the fingerprint or the address.`,
  );
}
