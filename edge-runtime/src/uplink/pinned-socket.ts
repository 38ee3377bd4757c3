import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { EdgeRuntimeError } from "../errors.ts";

const connectTimeoutMs = 10_000;

/**
 * Connects to a hub: plainly for `mqtt:` and `http:`, else by TLS, trusting exactly the certificate with `fingerprint`
 * (SHA-256, 64 hex digits), or the machine's authorities where none is pinned. Nothing is sent before that check.
 * signal: gives the attempt up
 * @throws {EdgeRuntimeError} `hub-unreachable`, `wrong-fingerprint`
 */
export async function connectPinned(url: URL, fingerprint?: string, signal?: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isSecure = url.protocol === "mqtts:" || url.protocol === "https:";
  const port = Number(url.port || defaultPorts[url.protocol]);
  const socket = isSecure
    ? connectTls({
        host,
        port,
        rejectUnauthorized: fingerprint === undefined,
        ...(isIP(host) ? {} : { servername: host }),
      })
    : connectPlain({ host, port });
  const giveUp = () => socket.destroy(new Error("given up"));
  signal?.addEventListener("abort", giveUp);
  try {
    await connected(socket, isSecure ? "secureConnect" : "connect", url);
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
  if (isSecure && fingerprint !== undefined) requireFingerprint(socket as TLSSocket, fingerprint, url);
  return socket;
}

const defaultPorts: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883, "http:": 80, "https:": 443 };

function connected(socket: Socket, event: "connect" | "secureConnect", url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: Error) => {
      socket.destroy();
      const why = cause === undefined ? `no answer within ${connectTimeoutMs} ms` : reasonOf(cause);
      reject(
        new EdgeRuntimeError(
          "hub-unreachable",
          `Expected the hub at ${url.host}, got ${why}; check that it runs and that this device can reach it.`,
          { cause },
        ),
      );
    };
    const timer = setTimeout(fail, connectTimeoutMs);
    socket.once("error", fail).once(event, () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve();
    });
    socket.once("close", () => clearTimeout(timer));
  });
}

function requireFingerprint(socket: TLSSocket, fingerprint: string, url: URL): void {
  const got = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
  if (got === fingerprint) return;
  socket.destroy();
  throw new EdgeRuntimeError(
    "wrong-fingerprint",
    `Expected the hub at ${url.host} to show the certificate ${fingerprint.slice(0, 16)}…, got ${got?.slice(0, 16)}…; something stands between, or the hub has a new certificate: enrol again with a fresh code.`,
  );
}

function reasonOf(cause: Error): string {
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
