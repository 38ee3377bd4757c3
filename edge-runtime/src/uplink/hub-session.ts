import { MqttClient } from "mqtt";
import { EdgeRuntimeError } from "../errors.ts";
import type { Identity } from "../identity/identity.ts";
import { connectPinned } from "./pinned-socket.ts";

const keepaliveSeconds = 30;
const connackTimeoutMs = 10_000;

/** One connection to the hub's broker, from CONNACK to its end; it never reconnects and queues nothing. */
export interface HubSession {
  /** Resolves with the broker's PUBACK, rejects when the connection ends first. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  readonly isOpen: boolean;
  /** Resolves when the connection has ended, with what ended it where that is known. */
  readonly ended: Promise<Error | undefined>;
  /** Bytes on the wire so far, TLS included. */
  bytes(): { readonly up: number; readonly down: number };
  close(): Promise<void>;
}

/**
 * Connects as the device (MQTT 3.1.1, client id = device, user `fleet/device`) and subscribes at QoS 1.
 * onMessage: must return at once; the socket's reading waits for it · signal: ends the connection, or the attempt
 * @throws {EdgeRuntimeError} `hub-unreachable`, `wrong-fingerprint`, `hub-refused`
 */
export async function openHubSession(
  identity: Identity,
  topics: readonly string[],
  onMessage: (topic: string, payload: Uint8Array) => void,
  signal: AbortSignal,
): Promise<HubSession> {
  const url = new URL(identity.mqttUrl);
  const socket = await connectPinned(url, identity.fingerprint, signal);
  const end = () => socket.destroy();
  signal.addEventListener("abort", end);
  const client = new MqttClient(() => socket, {
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: identity.device,
    username: `${identity.fleet}/${identity.device}`,
    password: identity.credential,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout: connackTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  });
  let lastError: Error | undefined;
  let isOpen = true;
  client.on("error", (error) => (lastError = error));
  const ended = new Promise<Error | undefined>((resolve) =>
    client.once("close", () => {
      isOpen = false;
      signal.removeEventListener("abort", end);
      resolve(lastError);
    }),
  );
  const whileOpen = <T>(start: (settle: (error?: Error | null) => void) => void, value: T): Promise<T> =>
    new Promise((resolve, reject) => {
      void ended.then((error) => reject(refusal(url, error)));
      start((error) => (error ? reject(refusal(url, error)) : resolve(value)));
    });
  client.on("message", (topic, payload) => onMessage(topic, new Uint8Array(payload)));
  await whileOpen((settle) => client.once("connect", () => settle()), undefined);
  await whileOpen((settle) => client.subscribe([...topics], { qos: 1 }, settle), undefined);
  return {
    publish: (topic, payload) =>
      whileOpen((settle) => client.publish(topic, Buffer.from(payload), { qos: 1 }, settle), undefined),
    get isOpen() {
      return isOpen;
    },
    ended,
    bytes: () => ({ up: socket.bytesWritten, down: socket.bytesRead }),
    async close() {
      client.end(true);
      socket.destroy();
      await ended;
    },
  };
}

function refusal(url: URL, cause: Error | undefined): EdgeRuntimeError {
  const why = cause?.message ?? "the connection ended";
  return new EdgeRuntimeError(
    "hub-refused",
    `Expected the broker at ${url.host} to serve this device, got: ${why}; nothing is lost, the device tries again.`,
    { cause },
  );
}
