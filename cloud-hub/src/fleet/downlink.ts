import { encodeMessage, type Receipt } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import type { Broker } from "../ingest/broker.ts";
import { encodeReceipt } from "../ingest/receipts.ts";
import { signedDesiredState } from "./desired-state.ts";

const askEveryMs = 10_000;
const mostAskedAtOnce = 1_000;

/** What the hub says to devices: signed receipts and desired states, again whenever a device connects. */
export class Downlink {
  readonly #onError: (error: unknown) => void;
  #hub: Hub | undefined;
  #broker: Broker | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #receiptsOf: (device: string) => Promise<readonly Receipt[]> = async () => [];

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Begins to speak; what was to be said before is repeated from the tables when devices connect. */
  open(hub: Hub, broker: Broker, receiptsOf: (device: string) => Promise<readonly Receipt[]>): void {
    this.#hub = hub;
    this.#broker = broker;
    this.#receiptsOf = receiptsOf;
  }

  /** Sends what is stored of lanes; a receipt that does not arrive is covered by the next one. */
  sendReceipts(receipts: readonly Receipt[]): void {
    const [hub, broker] = [this.#hub, this.#broker];
    if (hub === undefined || broker === undefined) return;
    const connected = broker.connected();
    for (const receipt of receipts) {
      if (!connected.has(`${receipt.fleet}/${receipt.device}`)) continue;
      broker.publish(receipt, "receipt", encodeReceipt(receipt, hub.keys.privateKey)).catch(this.#onError);
    }
  }

  /** Sends a device its newest desired state; without one, or without a connection, nothing. */
  async sendDesired(device: string): Promise<void> {
    const [hub, broker] = [this.#hub, this.#broker];
    if (hub === undefined || broker === undefined || !broker.connected().has(`${hub.fleet}/${device}`)) return;
    const signed = await signedDesiredState(hub, device);
    if (signed !== undefined) await broker.publish({ fleet: hub.fleet, device }, "desired", signed);
  }

  /**
   * Asks connected devices to say how they are, for somebody looks: every ten seconds at most however often it is called, and
   * a thousand devices at once, chosen anew each time; the others say it each minute anyway. Returns how many were asked.
   */
  askDevices(): number {
    const [hub, broker] = [this.#hub, this.#broker];
    if (hub === undefined || broker === undefined) return 0;
    const now = hub.clock();
    if (now - this.#askedAt < askEveryMs) return 0;
    this.#askedAt = now;
    const payload = encodeMessage("command", { v: 1, command: "hello", issuedAt: now });
    const devices = someOf([...broker.connected()], mostAskedAtOnce);
    for (const name of devices) {
      const device = name.slice(hub.fleet.length + 1);
      broker.publish({ fleet: hub.fleet, device }, "command", payload).catch(this.#onError);
    }
    return devices.length;
  }

  /** Tells a device that has just subscribed where everything stands. */
  greet(device: string): void {
    this.#receiptsOf(device)
      .then((receipts) => this.sendReceipts(receipts))
      .then(() => this.sendDesired(device))
      .catch(this.#onError);
  }
}

/** At most `most` of the names, from a random one on. */
function someOf(names: readonly string[], most: number): readonly string[] {
  if (names.length <= most) return names;
  const from = Math.floor(Math.random() * names.length);
  return [...names, ...names].slice(from, from + most);
}
