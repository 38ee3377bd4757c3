import { createHash } from "node:crypto";
import type { HubClient } from "@fieldloop/cloud-hub";
import {
  decodeEnrolmentCode,
  decodeMessage,
  decodePublicKey,
  downlinkTopic,
  encodePublicKey,
  generateKeyPair,
  uplinkTopic,
  verifyReceipt,
} from "@fieldloop/devices";
import mqtt, { type MqttClient } from "mqtt";
import { envelopeOf } from "../power-cut/hub-subject.ts";

const perEnvelope = 5;
const mostAhead = 500;

type Enrolled = {
  readonly fleet: string;
  readonly device: string;
  readonly credential: string;
  readonly hubPublicKey: string;
};

/** A device that sends samples without end, over real MQTT, and goes on where the hub's receipts say. */
export class SendingDevice {
  /** The last number that a receipt named. */
  receipted = 0;
  /** Every number that the broker took (PUBACK). */
  readonly taken = new Set<number>();
  readonly #identity: Enrolled;
  readonly #epoch: string;
  #client: MqttClient | undefined;
  #sent = 0;

  private constructor(identity: Enrolled) {
    this.#identity = identity;
    this.#epoch = createHash("sha256").update(identity.device).digest("hex").slice(0, 16);
  }

  get name(): string {
    return this.#identity.device;
  }

  /** Adds and enrols a device as a person and a machine would. */
  static async enrol(hub: HubClient, device: string): Promise<SendingDevice> {
    const { code } = await hub.addDevice({ device, profile: "x86-64", simulated: true });
    const { url, secret } = decodeEnrolmentCode(code);
    const publicKey = encodePublicKey(generateKeyPair().publicKey);
    const answer = await fetch(new URL("/v1/enrol", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret, publicKey, profile: "x86-64" }),
    });
    if (!answer.ok)
      throw new Error(`Expected device ${device} to be enrolled, got ${answer.status}: ${await answer.text()}`);
    return new SendingDevice((await answer.json()) as Enrolled); // the hub's own schema
  }

  /** Connects and sends until {@link stop} or until the hub is gone. */
  async send(mqttUrl: string): Promise<void> {
    const { fleet, device, credential } = this.#identity;
    const client = mqtt.connect(mqttUrl, {
      clientId: device,
      username: `${fleet}/${device}`,
      password: credential,
      reconnectPeriod: 0,
    });
    this.#client = client;
    this.#sent = this.receipted;
    client.on("error", () => undefined);
    const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.on("message", (_, payload) => this.#receive(payload));
    client.once("connect", () => {
      client.subscribe(downlinkTopic(fleet, device, "receipt"), { qos: 1 });
      this.#fill(client);
    });
    await ended;
  }

  stop(): void {
    this.#client?.end(true);
  }

  #fill(client: MqttClient): void {
    while (client.connected && this.#sent - this.receipted < mostAhead) {
      const [first, last] = [this.#sent + 1, this.#sent + perEnvelope];
      this.#sent = last;
      const { fleet, device } = this.#identity;
      const payload = Buffer.from(envelopeOf(device, this.#epoch, first, last));
      client.publish(uplinkTopic(fleet, device, "records"), payload, { qos: 1 }, (error) => {
        if (error) return;
        for (let seq = first; seq <= last; seq += 1) this.taken.add(seq);
      });
    }
  }

  #receive(payload: Buffer): void {
    const receipt = verifyReceipt(decodeMessage("signed", payload), decodePublicKey(this.#identity.hubPublicKey));
    if (!receipt.ok) throw new Error(`Expected a receipt that the hub signed, got one that is ${receipt.why}.`);
    if (receipt.value.lane === "samples") this.receipted = Math.max(this.receipted, receipt.value.upTo);
    if (this.#client !== undefined) this.#fill(this.#client);
  }
}
