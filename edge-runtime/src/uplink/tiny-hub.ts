import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import {
  type Command,
  decodeMessage,
  downlinkTopic,
  encodeMessage,
  encodePrivateKey,
  encodePublicKey,
  generateKeyPair,
  type Inventory,
  type KeyPair,
  type Lane,
  parseTopic,
  type Receipt,
  type Signed,
  signReceipt,
  type WireRecord,
} from "@fieldloop/devices";
import { Aedes } from "aedes";
import type { Identity } from "../identity/identity.ts";
import { makeTinyCertificate } from "./tiny-certificate.ts";

/** A record that reached the hub, and how often it came. */
export interface ArrivedRecord extends WireRecord {
  readonly epoch: string;
  readonly lane: Lane;
  times: number;
}

/** The least hub that a device can talk to: a real broker that keeps records in memory and signs receipts. For tests. */
export class TinyHub {
  readonly keys: KeyPair;
  readonly hellos: Inventory[] = [];
  readonly records = new Map<string, ArrivedRecord>();
  /** Names of records that came again with another body: must stay empty. */
  readonly changed: string[] = [];
  /** What `GET` gives, by path; the manifests and blobs of releases. */
  readonly files = new Map<string, Uint8Array>();
  /** How many downloads are cut off half-way. */
  cutDownloads = 0;
  /** Whether receipts are sent by themselves. */
  givesReceipts = true;
  readonly #broker: Aedes;
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #sockets = new Set<Socket>();
  readonly #fingerprint: string | undefined;
  #port = 0;

  private constructor(broker: Aedes, keys: KeyPair, certificate?: Awaited<ReturnType<typeof makeTinyCertificate>>) {
    this.#broker = broker;
    this.keys = keys;
    this.#fingerprint = certificate?.fingerprint;
    this.#http = createHttpServer((request, response) => {
      const bytes = this.files.get(decodeURIComponent(request.url ?? ""));
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (bytes === undefined || !request.headers.authorization?.startsWith("Device plant/")) {
        response.writeHead(404).end();
        return;
      }
      const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(start > 0 ? 206 : 200, {
        "content-length": bytes.length - start,
        ...(start > 0 ? range : {}),
      });
      if (this.cutDownloads === 0) response.end(bytes.subarray(start));
      else {
        this.cutDownloads -= 1;
        response.write(bytes.subarray(start, start + (bytes.length - start) / 2), () => response.destroy());
      }
    });
    const accept = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      broker.handle(socket);
    };
    this.#server = certificate ? createTlsServer(certificate, accept) : createServer(accept);
  }

  /** Starts a hub on a free port of 127.0.0.1; keys: what it signs with, fresh unless given. */
  static async start(keys = generateKeyPair(), { isSecure = false } = {}): Promise<TinyHub> {
    const broker = await Aedes.createBroker();
    const hub = new TinyHub(broker, keys, isSecure ? await makeTinyCertificate() : undefined);
    broker.authenticate = (client, username, password, done) =>
      done(null, username === `plant/${client?.id}` && password?.toString() === "secret");
    broker.on("publish", (packet, client) => {
      if (client !== null) hub.#receive(packet.topic, packet.payload as Buffer);
    });
    await hub.listen();
    hub.#http.listen(0, "127.0.0.1");
    await once(hub.#http, "listening");
    return hub;
  }

  /** The identity of a device of fleet `plant` at this hub. */
  identity(device = "reader-1"): Identity {
    return {
      v: 1,
      fleet: "plant",
      device,
      profile: "x86-64",
      simulated: true,
      mqttUrl: `${this.#fingerprint ? "mqtts" : "mqtt"}://127.0.0.1:${this.#port}`,
      httpUrl: `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`,
      credential: "secret",
      hubPublicKey: encodePublicKey(this.keys.publicKey),
      privateKey: encodePrivateKey(generateKeyPair().privateKey),
      ...(this.#fingerprint ? { fingerprint: this.#fingerprint } : {}),
    };
  }

  /** Records of a lane in sequence order. */
  lane(lane: Lane): readonly ArrivedRecord[] {
    return [...this.records.values()].filter((record) => record.lane === lane).toSorted((a, b) => a.seq - b.seq);
  }

  async listen(port = this.#port): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, and with `forGood` refuses new ones until `listen`. */
  async drop(forGood = false): Promise<void> {
    const closed = forGood ? new Promise((resolve) => this.#server.close(resolve)) : undefined;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Publishes a receipt, signed with `key`, the hub's own unless given. */
  sendReceipt(receipt: Receipt, key = this.keys.privateKey): void {
    const topic = downlinkTopic(receipt.fleet, receipt.device, "receipt");
    this.#publish(topic, encodeMessage("signed", signReceipt(receipt, key)));
  }

  /** Publishes a signed desired state to a device. */
  sendDesired(device: string, signed: Signed): void {
    this.#publish(downlinkTopic("plant", device, "desired"), encodeMessage("signed", signed));
  }

  /** Asks a device to say hello, or to send what waits. */
  sendCommand(device: string, command: Command["command"]): void {
    this.#publish(downlinkTopic("plant", device, "command"), encodeMessage("command", { v: 1, command, issuedAt: 1 }));
  }

  async close(): Promise<void> {
    await this.drop(true);
    this.#http.closeAllConnections();
    this.#http.close();
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
  }

  #publish(topic: string, payload: Uint8Array): void {
    const packet = { cmd: "publish", qos: 1, dup: false, retain: false, topic, payload: Buffer.from(payload) } as const;
    this.#broker.publish(packet, () => undefined);
  }

  #receive(topic: string, payload: Buffer): void {
    const { fleet, device, channel } = parseTopic(topic);
    if (channel === "hello") {
      this.hellos.push(decodeMessage("hello", payload));
      return;
    }
    const { epoch, lane, records } = decodeMessage("envelope", payload);
    for (const record of records) {
      const key = `${epoch}/${lane}/${record.seq}`;
      const known = this.records.get(key);
      if (known === undefined) this.records.set(key, { ...record, epoch, lane, times: 1 });
      else if (Buffer.compare(known.body, record.body) === 0) known.times += 1;
      else this.changed.push(key);
    }
    const upTo = contiguous(this.lane(lane));
    if (this.givesReceipts) this.sendReceipt({ v: 1, fleet, device, epoch, lane, upTo });
  }
}

function contiguous(records: readonly ArrivedRecord[]): number {
  let upTo = 0;
  for (const { seq } of records) if (seq === upTo + 1) upTo = seq;
  return upTo;
}
