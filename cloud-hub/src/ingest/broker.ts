import { createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { type DownlinkChannel, downlinkTopic, isIdentifier, parseTopic, type UplinkChannel } from "@fieldloop/devices";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { HubError } from "../errors.ts";
import { DevicePace, type DeviceRate, deviceRate } from "./device-pace.ts";
import { Newcomers } from "./newcomers.ts";
import { type PacketLimits, type PacketWatch, packetFilter, packetLimits } from "./packet-filter.ts";

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
  /** A device subscribed, so that it hears what it is told. */
  readonly onConnected?: (who: { fleet: string; device: string }) => void;
  /** A device's session began, was heard, ended; of a device's sessions the newest is the one told of. */
  readonly onSession?: (who: { fleet: string; device: string }, what: "begin" | "heard" | "end") => void;
  readonly limits?: PacketLimits;
  readonly rate?: DeviceRate;
  /** Connections from one address of which it is not known yet whose they are; 128 unless said otherwise. */
  readonly newcomersPerAddress?: number;
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
const newcomersPerAddress = 128;

/**
 * Starts the broker. A device connects with client id = device, user `fleet/device` and its credential as password; no
 * wills, no retained messages, no foreign topics, no wildcards, QoS 2 refused.
 * @throws {HubError} `port-busy`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const identities = new WeakMap<Client, Identity>();
  const clients = new Map<string, Client>();
  const sockets = new Map<Client, Socket>();
  const paces = new Map<string, DevicePace>();
  const newcomers = new Newcomers(options.newcomersPerAddress ?? newcomersPerAddress);
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
          if (isRight) welcome(client, identity);
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
    options.onSession?.(identity, "begin");
  });
  aedes.on("subscribe", (_subscriptions, client) => {
    const identity = identities.get(client);
    if (identity !== undefined) options.onConnected?.(identity);
  });
  aedes.on("clientDisconnect", (client) => {
    const identity = identities.get(client);
    if (identity === undefined || clients.get(nameOf(identity)) !== client) return;
    clients.delete(nameOf(identity));
    options.onSession?.(identity, "end");
  });
  const welcome = (client: Client, identity: Identity): void => {
    identities.set(client, identity);
    const name = nameOf(identity);
    if (!paces.has(name)) paces.set(name, new DevicePace(options.rate ?? deviceRate, performance.now()));
    const socket = sockets.get(client);
    if (socket !== undefined) newcomers.settle(socket);
  };
  const paceOf = (client: Client | undefined, bytes: number, isAnswer: boolean): number => {
    const identity = client === undefined ? undefined : identities.get(client);
    if (identity === undefined) return 0;
    options.onSession?.(identity, "heard");
    return isAnswer ? 0 : (paces.get(nameOf(identity))?.take(bytes, performance.now()) ?? 0);
  };
  const open = new Set<Socket>();
  const server = createListener(options, (socket) => {
    let client: Client | undefined;
    const onPacket: PacketWatch["onPacket"] = ({ bytes, isAnswer }) => paceOf(client, bytes, isAnswer);
    open.add(socket);
    client = accept(aedes, socket, options.limits ?? packetLimits, onPacket);
    const accepted = client;
    sockets.set(accepted, socket);
    socket.on("close", () => {
      open.delete(socket);
      sockets.delete(accepted);
    });
  });
  newcomers.watch(server);
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
      for (const socket of open) socket.destroy(); // a client that is asked to end may never answer
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

function accept(aedes: Aedes, socket: Socket, limits: PacketLimits, onPacket: PacketWatch["onPacket"]): Client {
  socket.on("error", () => socket.destroy());
  const filter = packetFilter(limits, { onViolation: () => socket.destroy(), onPacket });
  const filtered = socket.pipe(filter);
  const stream = Duplex.from({ readable: filtered, writable: socket });
  stream.on("error", () => socket.destroy());
  socket.on("close", () => stream.destroy());
  stream.on("close", () => socket.destroy());
  return aedes.handle(stream);
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

/** Lets bytes pass while fewer than `most` are outstanding; later ones wait their turn, first come first served. */
function createGate(most: number) {
  let outstanding = 0;
  const waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  const fits = (bytes: number) => outstanding === 0 || outstanding + bytes <= most;
  const admit = () => {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      outstanding += next.bytes;
      next.enter();
    }
  };
  return {
    async pass(bytes: number, work: () => Promise<void>): Promise<void> {
      await new Promise<void>((enter) => {
        waiting.push({ bytes, enter });
        admit();
      });
      try {
        await work();
      } finally {
        outstanding -= bytes;
        admit();
      }
    },
  };
}
