import { createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { type DownlinkChannel, downlinkTopic, isIdentifier, parseTopic, type UplinkChannel } from "@fieldloop/devices";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { HubError } from "../errors.ts";
import { type PacketLimits, packetFilter, packetLimits } from "./packet-filter.ts";

/** A message of a device as it came in; the sender is who the connection proved to be. */
export type UplinkMessage = {
  readonly fleet: string;
  readonly device: string;
  readonly channel: UplinkChannel;
  readonly payload: Uint8Array;
};

/**
 * How the broker is started.
 * port: 0 takes a free one · check: is this the device's credential? · store: resolves once the message is safe, which is
 * when the device gets its PUBACK; rejecting cuts the connection, so that the device sends again
 */
export type BrokerOptions = {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly check: (who: { fleet: string; device: string; credential: string }) => Promise<boolean>;
  readonly store: (message: UplinkMessage) => Promise<void>;
  readonly onConnected?: (who: { fleet: string; device: string }) => void;
  readonly limits?: PacketLimits;
  /** Bytes accepted and not yet safe, over all connections; more is not read until some are. */
  readonly outstandingBytes?: number;
};

/** MQTT 3.1.1 in process: each device may use only its own five topics. */
export interface Broker {
  readonly port: number;
  /** Sends to one device if it is connected and subscribed; downlink is repeated by state, so nothing is queued. */
  publish(who: { fleet: string; device: string }, channel: DownlinkChannel, payload: Uint8Array): Promise<void>;
  /** Names (`fleet/device`) of the devices that are connected now. */
  connected(): ReadonlySet<string>;
  /** Ends a device's session, for example when its credential is revoked. */
  disconnect(who: { fleet: string; device: string }): void;
  close(): Promise<void>;
}

type Identity = { readonly fleet: string; readonly device: string };

const connackNotAuthorized = 5;
const mostConnections = 20_000;

/**
 * Starts the broker. A device connects with client id = device, user `fleet/device` and its credential as password; no
 * wills, no retained messages, no foreign topics, no wildcards, QoS 2 refused.
 * @throws {HubError} `port-busy`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const identities = new WeakMap<Client, Identity>();
  const clients = new Map<string, Client>();
  const gate = createGate(options.outstandingBytes ?? 64 * 1024 * 1024);
  const aedes = await Aedes.createBroker({
    maxTopicLevels: 8,
    connectTimeout: (options.limits ?? packetLimits).connectMs,
    maxClientsIdLength: 64,
    queueLimit: 64,
    preConnect: (client, packet, done) => {
      const refusal = packet.will === undefined ? undefined : new Error("wills are not accepted");
      if (refusal !== undefined) client.close();
      packet.clean = true; // nothing is queued for a device that is away: what it missed is sent by state when it is back
      done(refusal ?? null, refusal === undefined);
    },
    authenticate: (client, username, password, done) => {
      const identity = identityOf(client.id, username);
      if (identity === undefined || password === undefined) {
        done(notAuthorized(), false);
        return;
      }
      options.check({ ...identity, credential: password.toString("utf8") }).then(
        (isRight) => {
          if (isRight) identities.set(client, identity);
          done(isRight ? null : notAuthorized(), isRight);
        },
        () => done(notAuthorized(), false),
      );
    },
    authorizePublish: (client, packet, done) => {
      if (client === null) return done(null); // the broker's own
      const message = uplinkOf(identities.get(client), packet);
      if (message === undefined) return done(new Error(`publishing to ${packet.topic} is not this device's right`));
      gate
        .pass(message.payload.byteLength, () => options.store(message))
        .then(
          () => done(null),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
    },
    authorizeSubscribe: (client, subscription, done) => {
      const isOwn = isOwnDownlink(identities.get(client), subscription.topic);
      done(null, isOwn ? subscription : null);
    },
    // Uplink goes to the inbox only; nothing that a device publishes is forwarded to another client.
    authorizeForward: (_client, packet) => (packet.topic.includes("/up/") ? null : packet),
  });
  aedes.on("clientReady", (client) => {
    const identity = identities.get(client);
    if (identity === undefined) return;
    clients.set(nameOf(identity), client);
  });
  aedes.on("subscribe", (_subscriptions, client) => {
    const identity = identities.get(client);
    if (identity !== undefined) options.onConnected?.(identity);
  });
  aedes.on("clientDisconnect", (client) => {
    const identity = identities.get(client);
    if (identity !== undefined && clients.get(nameOf(identity)) === client) clients.delete(nameOf(identity));
  });
  const sockets = new Set<Socket>();
  const server = createListener(options, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    accept(aedes, socket, options.limits ?? packetLimits);
  });
  server.maxConnections = mostConnections;
  await listen(server, options).catch((error: unknown) => {
    aedes.close();
    throw error;
  });
  return {
    port: (server.address() as { port: number }).port, // listening on TCP
    publish: (who, channel, payload) => publishTo(aedes, downlinkTopic(who.fleet, who.device, channel), payload),
    connected: () => new Set(clients.keys()),
    disconnect: (who) => clients.get(nameOf(who))?.close(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy(); // a client that is asked to end may never answer
      await closed;
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}

const nameOf = ({ fleet, device }: Identity): string => `${fleet}/${device}`;

function identityOf(clientId: string, username: string | undefined): Identity | undefined {
  const [fleet, device, ...rest] = (username ?? "").split("/");
  const fits = isIdentifier(fleet) && isIdentifier(device) && device === clientId && rest.length === 0;
  return fits ? { fleet, device } : undefined;
}

function notAuthorized(): AuthenticateError {
  return Object.assign(new Error("not the credential of this device"), {
    returnCode: connackNotAuthorized as AuthenticateError["returnCode"],
  });
}

type Publish = {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: number;
  readonly retain?: boolean;
};

function uplinkOf(identity: Identity | undefined, packet: Publish): UplinkMessage | undefined {
  if (identity === undefined || packet.retain || packet.qos === 2) return undefined;
  try {
    const topic = parseTopic(packet.topic);
    if (topic.direction !== "up" || topic.fleet !== identity.fleet || topic.device !== identity.device)
      return undefined;
    return { ...identity, channel: topic.channel, payload: new Uint8Array(Buffer.from(packet.payload)) };
  } catch {
    return undefined;
  }
}

function isOwnDownlink(identity: Identity | undefined, filter: string): boolean {
  try {
    const topic = parseTopic(filter);
    return topic.direction === "down" && topic.fleet === identity?.fleet && topic.device === identity.device;
  } catch {
    return false;
  }
}

function createListener(options: BrokerOptions, onSocket: (socket: Socket) => void): Server {
  return options.tls === undefined
    ? createServer({ noDelay: true }, onSocket)
    : createTlsServer({ ...options.tls, minVersion: "TLSv1.2", handshakeTimeout: packetLimits.connectMs }, onSocket);
}

function accept(aedes: Aedes, socket: Socket, limits: PacketLimits): void {
  socket.on("error", () => socket.destroy());
  const filtered = socket.pipe(packetFilter(limits, () => socket.destroy()));
  const stream = Duplex.from({ readable: filtered, writable: socket });
  stream.on("error", () => socket.destroy());
  socket.on("close", () => stream.destroy());
  stream.on("close", () => socket.destroy());
  aedes.handle(stream);
}

function listen(server: Server, { host, port }: BrokerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const sentence =
        cause.code === "EADDRINUSE"
          ? `Expected port ${port} on ${host} to be free for MQTT, another program has it; stop that, or choose another --mqtt-port.`
          : `Cannot listen for MQTT on ${host}:${port}: ${cause.message}.`;
      reject(new HubError("port-busy", sentence, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function publishTo(aedes: Aedes, topic: string, payload: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const packet = { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain: false, dup: false } as const;
    aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
  });
}

/** Lets bytes pass while fewer than `most` are outstanding; later ones wait their turn. */
function createGate(most: number) {
  let outstanding = 0;
  const waiting: (() => void)[] = [];
  return {
    async pass(bytes: number, work: () => Promise<void>): Promise<void> {
      while (outstanding > 0 && outstanding + bytes > most) await new Promise<void>((resolve) => waiting.push(resolve));
      outstanding += bytes;
      try {
        await work();
      } finally {
        outstanding -= bytes;
        waiting.shift()?.();
      }
    },
  };
}
