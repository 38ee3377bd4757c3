import {
  createSketch,
  decodeEnrolmentCode,
  decodeMessage,
  decodePublicKey,
  encodeMessage,
  encodePublicKey,
  generateKeyPair,
  type Lane,
  observeFrame,
  type RecordKind,
  type ReleaseEventBody,
  verifyDesiredState,
} from "@fieldloop/devices";
import mqtt, { type MqttClient } from "mqtt";
import type { EnrolmentAnswer } from "../fleet/enrolment.ts";
import type { HubClient } from "../http/client/hub-client.ts";

/** What a device shall run, as the hub told it. */
export type Told = { readonly number: number; readonly release: string };

/** How the frames of a window look. bad: share of them that fail */
export type Look = {
  readonly confidence?: number;
  readonly latencyUs?: number;
  readonly frames?: number;
  readonly bad?: number;
};

/** A device that speaks as a real one does, over real MQTT, but says what a test wants; it takes releases at once, or refuses. */
export class TalkingDevice {
  readonly name: string;
  /** Everything the hub told it to run, in order. */
  readonly told: Told[] = [];
  /** What it runs by its own word. */
  release: string | null = null;
  /** Releases that fail here. */
  readonly refuses = new Set<string>();
  /** Whether it takes what it is told. */
  isWilling = true;
  readonly #identity: EnrolmentAnswer;
  readonly #clock: () => number;
  readonly #epoch: string;
  readonly #seqs = new Map<Lane, number>();
  #wire: MqttClient | undefined;
  #frame = 0;

  static async enrol(client: HubClient, name: string, clock: () => number, group?: string): Promise<TalkingDevice> {
    const { code } = await client.addDevice({
      device: name,
      profile: "x86-64",
      simulated: true,
      ...(group ? { group } : {}),
    });
    const { url, secret } = decodeEnrolmentCode(code);
    const publicKey = encodePublicKey(generateKeyPair().publicKey);
    const response = await fetch(new URL("/v1/enrol", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret, publicKey, profile: "x86-64" }),
    });
    return new TalkingDevice((await response.json()) as EnrolmentAnswer, clock); // by the route's schema
  }

  constructor(identity: EnrolmentAnswer, clock: () => number) {
    this.name = identity.device;
    this.#identity = identity;
    this.#clock = clock;
    this.#epoch = Buffer.from(identity.device.padEnd(8, "0").slice(-8)).toString("hex");
  }

  async connect(mqttUrl: string): Promise<void> {
    const { fleet, device, credential, hubPublicKey } = this.#identity;
    const wire = mqtt.connect(mqttUrl, {
      clientId: device,
      username: `${fleet}/${device}`,
      password: credential,
      reconnectPeriod: 0,
    });
    wire.on("error", () => undefined);
    wire.on("message", (_, payload) => {
      const state = verifyDesiredState(decodeMessage("signed", new Uint8Array(payload)), decodePublicKey(hubPublicKey));
      if (state.ok) void this.#take(state.value).catch(() => undefined);
    });
    await new Promise((resolve) => wire.once("connect", resolve));
    await wire.subscribeAsync(`fieldloop/${fleet}/${device}/down/desired`, { qos: 1 });
    this.#wire = wire;
  }

  async disconnect(): Promise<void> {
    await this.#wire?.endAsync(true);
    this.#wire = undefined;
  }

  /** Tells of a release as the control lane does. */
  async say(state: ReleaseEventBody["state"], told: Told, code?: string, reason?: string): Promise<void> {
    const body = {
      v: 1 as const,
      at: this.#clock(),
      ...told,
      state,
      ...(code ? { code } : {}),
      ...(reason ? { reason } : {}),
    };
    await this.#send("control", "release-event", encodeMessage("release-event", body));
  }

  /** Sends a window of a second that ends now, of what it runs unless said otherwise. */
  async window(
    { confidence = 0.8, latencyUs = 900, frames = 30, bad = 0 }: Look = {},
    release = this.release,
  ): Promise<void> {
    if (release === null) return;
    const windowStart = this.#clock() - 1000;
    const heads = { side: 4, axis: 2 };
    const sketch = createSketch({ release, windowStart, windowMs: 1000, heads, embeddingSize: 2 });
    for (let index = 0; index < frames; index += 1) {
      this.#frame += 1;
      const answers = {
        side: { index: this.#frame % 4, confidence: confidence + 0.05 * Math.sin(this.#frame), margin: 0.2 },
        axis: { index: this.#frame % 2, confidence: 0.9, margin: 0.5 },
      };
      observeFrame(sketch, { heads: answers, embedding: Float32Array.of(1, 0), luma: 100, latencyUs });
    }
    sketch.errors = Math.round(bad * frames);
    await this.#send("sketches", "sketch", encodeMessage("sketch", sketch));
  }

  async #take({ number, release }: Told): Promise<void> {
    if (this.told.some((known) => known.number === number)) return;
    const told = { number, release };
    this.told.push(told);
    if (!this.isWilling || release === this.release) return;
    await this.say("offered", told);
    if (this.refuses.has(release)) return this.say("refused", told, "golden-failed", "3 of 16 golden samples differ.");
    await this.say("staged", told);
    this.release = release;
    await this.#predict(release);
    await this.say("good", told);
  }

  async #predict(release: string): Promise<void> {
    this.#frame += 1;
    const heads = {
      side: { index: 1, confidence: 0.8, margin: 0.2 },
      axis: { index: 1, confidence: 0.9, margin: 0.5 },
    };
    const items = [{ frame: this.#frame, at: this.#clock(), heads, latencyUs: 900 }];
    await this.#send("predictions", "predictions", encodeMessage("predictions", { v: 1, release, items }));
  }

  async #send(lane: Lane, kind: RecordKind, body: Uint8Array): Promise<void> {
    const { fleet, device } = this.#identity;
    const seq = (this.#seqs.get(lane) ?? 0) + 1;
    this.#seqs.set(lane, seq);
    const records = [{ seq, at: this.#clock(), kind, body }];
    const payload = Buffer.from(encodeMessage("envelope", { v: 1, epoch: this.#epoch, lane, records }));
    await this.#wire?.publishAsync(`fieldloop/${fleet}/${device}/up/records`, payload, { qos: 1 });
  }
}
