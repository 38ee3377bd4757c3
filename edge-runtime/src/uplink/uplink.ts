import {
  decodeMessage,
  decodePublicKey,
  downlinkTopic,
  encodeMessage,
  type Inventory,
  type Lane,
  lanes,
  type Signed,
  uplinkTopic,
} from "@fieldloop/devices";
import type { Identity } from "../identity/identity.ts";
import type { Journal } from "../journal/index.ts";
import { fullJitterMs } from "./backoff.ts";
import { encodeEnvelope, envelopeBytes, envelopeRecords } from "./envelope-batch.ts";
import { type HubSession, openHubSession } from "./hub-session.ts";
import { InFlightWindow } from "./in-flight-window.ts";
import { LaneCursor } from "./lane-cursor.ts";
import { checkReceipt, type ReceiptRefusal } from "./receipt-check.ts";
import { WakeSignal } from "./wake-signal.ts";

const gatherMs = 50;
const helloEveryMs = 60_000;
/** However often a device is asked, it says hello no sooner than this after the last time. */
const helloPauseMs = 1_000;
const mostUnreceipted = 1024;
/** A connection that held this long, or brought a receipt, ends a row of failures. */
const steadyMs = 30_000;

/** What an uplink needs; times come from `monotonicMs`, jitter from `random` (uniform in [0, 1)). */
export interface UplinkOptions {
  readonly identity: Identity;
  readonly journal: Journal;
  readonly inventory: () => Inventory;
  /** Called with each signed desired state that the hub sends, unverified; must return at once. */
  readonly onDesired: (signed: Signed) => void;
  readonly monotonicMs?: () => number;
  readonly random?: () => number;
  /** How long after the broker's PUBACK a receipt may take before records are sent again; 10 s unless said otherwise. */
  readonly receiptTimeoutMs?: number;
  /** How often it says hello while nothing changes; 60 s unless said otherwise. */
  readonly helloEveryMs?: number;
  /** The longest wait between two attempts to connect; 60 s unless said otherwise. */
  readonly mostBackoffMs?: number;
}

/** How an uplink stands; bytes are those on the wire since it started. */
export interface UplinkStatus {
  readonly isConnected: boolean;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly connections: number;
  readonly published: number;
  readonly receipts: number;
  readonly resends: number;
  readonly refusedReceipts: Readonly<Partial<Record<ReceiptRefusal, number>>>;
  readonly lastError?: string;
}

/** Carries the journal's lanes to the hub, in lane order, for as long as it is open. */
export interface Uplink {
  status(): UplinkStatus;
  /** Says hello again when connected, or connects at once. */
  hello(): void;
  /** Says hello again soon when connected: something that it tells has changed. */
  refresh(): void;
  close(): Promise<void>;
}

/** Starts the uplink; it returns at once and keeps trying, however long the hub is away. */
export function startUplink(options: UplinkOptions): Uplink {
  const sender = new Sender(options);
  const running = sender.run();
  return {
    status: () => sender.status(),
    hello: () => sender.hello(),
    refresh: () => sender.refresh(),
    async close() {
      await sender.stop();
      await running;
    },
  };
}

class Sender {
  readonly #options: UplinkOptions;
  readonly #monotonicMs: () => number;
  readonly #cursors: Readonly<Record<Lane, LaneCursor>>;
  readonly #wake = new WakeSignal();
  readonly #receipts = new Map<Lane, number>();
  readonly #refused: Partial<Record<ReceiptRefusal, number>> = {};
  readonly #counts = { connections: 0, published: 0, receipts: 0, resends: 0, up: 0, down: 0 };
  #window = new InFlightWindow();
  #session: HubSession | undefined;
  readonly #stopping = new AbortController();
  #failures = 0;
  #helloAtMs = 0;
  #saidHelloMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  #releasing: Promise<void> = Promise.resolve();

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    const timeoutMs = options.receiptTimeoutMs ?? 10_000;
    const cursor = (lane: Lane) => [lane, new LaneCursor(options.journal.releasedUpTo(lane), timeoutMs)];
    this.#cursors = Object.fromEntries(lanes.map(cursor)) as Record<Lane, LaneCursor>; // one per lane
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async run(): Promise<void> {
    const unsubscribe = this.#options.journal.onAppend(() => this.#wake.wake());
    while (!this.#isStopped) {
      try {
        await this.#serveOnce();
      } catch (error) {
        this.#lastError = error instanceof Error ? error.message : String(error);
      }
      if (!this.#isStopped) await this.#pause();
    }
    unsubscribe();
    await this.#releasing;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.wake();
    await this.#session?.close();
  }

  hello(): void {
    this.#failures = 0;
    this.refresh();
  }

  refresh(): void {
    this.#helloAtMs = Math.min(this.#helloAtMs, this.#saidHelloMs + helloPauseMs);
    this.#wake.wake();
  }

  status(): UplinkStatus {
    const live = this.#session?.bytes() ?? { up: 0, down: 0 };
    const { connections, published, receipts, resends, up, down } = this.#counts;
    return {
      isConnected: this.#session?.isOpen ?? false,
      bytesUp: up + live.up,
      bytesDown: down + live.down,
      connections,
      published,
      receipts,
      resends,
      refusedReceipts: { ...this.#refused },
      lastError: this.#lastError,
    };
  }

  async #pause(): Promise<void> {
    const { random = Math.random, mostBackoffMs: mostMs = 60_000 } = this.#options;
    const until = this.#monotonicMs() + fullJitterMs(this.#failures, random, { mostMs });
    this.#failures += 1;
    const failures = this.#failures;
    // Appends wake this too, so it sleeps on; `hello` and `stop` end the wait.
    while (!this.#isStopped && this.#failures === failures && this.#monotonicMs() < until)
      await this.#wake.sleep(until - this.#monotonicMs());
  }

  async #serveOnce(): Promise<void> {
    const { identity, journal } = this.#options;
    const { fleet, device } = identity;
    const channels = (["receipt", "desired", "command"] as const).map((to) => downlinkTopic(fleet, device, to));
    const onMessage = (topic: string, payload: Uint8Array) => this.#receive(topic, payload);
    const session = await openHubSession(identity, channels, onMessage, this.#stopping.signal);
    this.#session = session;
    this.#counts.connections += 1;
    const openedMs = this.#monotonicMs();
    this.#window = new InFlightWindow();
    for (const lane of lanes) this.#cursors[lane].rewind(journal.releasedUpTo(lane), false);
    void session.ended.then(() => this.#wake.wake());
    try {
      if (this.#isStopped) return;
      await this.#sayHello(session);
      this.#lastError = undefined;
      while (session.isOpen && !this.#isStopped) await this.#turn(session);
    } finally {
      await session.close();
      if (this.#monotonicMs() - openedMs >= steadyMs) this.#failures = 0;
      const bytes = session.bytes();
      this.#session = undefined;
      this.#counts.up += bytes.up;
      this.#counts.down += bytes.down;
    }
  }

  async #turn(session: HubSession): Promise<void> {
    const nowMs = this.#monotonicMs();
    if (nowMs >= this.#helloAtMs) await this.#sayHello(session);
    this.#rewindOverdue(nowMs);
    while (session.isOpen && this.#window.isOpen && (await this.#sendNext(session)));
    if (!session.isOpen) return;
    const deadlines = lanes.map((lane) => this.#cursors[lane].deadlineMs);
    await this.#wake.sleep(Math.min(this.#helloAtMs, ...deadlines) - this.#monotonicMs());
    if (this.#window.isEmpty && !this.#isStopped) await new Promise((resolve) => setTimeout(resolve, gatherMs));
  }

  async #sayHello(session: HubSession): Promise<void> {
    const { identity, inventory } = this.#options;
    this.#saidHelloMs = this.#monotonicMs();
    this.#helloAtMs = this.#saidHelloMs + (this.#options.helloEveryMs ?? helloEveryMs);
    const topic = uplinkTopic(identity.fleet, identity.device, "hello");
    await session.publish(topic, encodeMessage("hello", inventory()));
  }

  #rewindOverdue(nowMs: number): void {
    for (const lane of lanes) {
      if (!this.#cursors[lane].isOverdue(nowMs)) continue;
      this.#cursors[lane].rewind(this.#options.journal.releasedUpTo(lane), true);
      this.#counts.resends += 1;
    }
  }

  async #sendNext(session: HubSession): Promise<boolean> {
    const { journal } = this.#options;
    for (const lane of lanes) {
      const cursor = this.#cursors[lane];
      const last = journal.lastSeq(lane);
      const after = cursor.sentUpTo;
      if (last <= after || after - journal.releasedUpTo(lane) >= mostUnreceipted) continue;
      const records = await journal.read(lane, { after, limit: envelopeRecords, maxBytes: envelopeBytes });
      if (cursor.sentUpTo !== after) return true;
      cursor.sentUpTo = records.at(-1)?.seq ?? last;
      if (records.length === 0) continue;
      this.#send(session, lane, encodeEnvelope(journal.epoch, lane, records), cursor.sentUpTo);
      return true;
    }
    return false;
  }

  #send(session: HubSession, lane: Lane, envelope: Uint8Array, upTo: number): void {
    const { identity } = this.#options;
    const window = this.#window;
    window.enter(envelope.byteLength);
    this.#counts.published += 1;
    session.publish(uplinkTopic(identity.fleet, identity.device, "records"), envelope).then(
      () => {
        window.leave(envelope.byteLength);
        if (session === this.#session) this.#cursors[lane].taken(upTo, this.#monotonicMs());
        this.#wake.wake();
      },
      // The connection ended, which `ended` tells; the records are still in the journal.
      () => undefined,
    );
  }

  #receive(topic: string, payload: Uint8Array): void {
    try {
      if (topic.endsWith("/receipt")) this.#receiveReceipt(payload);
      else if (topic.endsWith("/desired")) this.#options.onDesired(decodeMessage("signed", payload));
      else if (topic.endsWith("/command")) this.#obey(decodeMessage("command", payload).command);
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }

  #obey(command: "hello" | "flush"): void {
    if (command === "hello") this.refresh();
    else this.#wake.wake();
  }

  #receiveReceipt(payload: Uint8Array): void {
    const { identity, journal } = this.#options;
    const receipt = checkReceipt(payload, {
      hubKey: decodePublicKey(identity.hubPublicKey),
      fleet: identity.fleet,
      device: identity.device,
      epoch: journal.epoch,
      lastSeq: (lane) => journal.lastSeq(lane),
    });
    if (typeof receipt === "string") {
      this.#refused[receipt] = (this.#refused[receipt] ?? 0) + 1;
      return;
    }
    this.#counts.receipts += 1;
    this.#failures = 0;
    const { lane, upTo } = receipt;
    const isFirst = this.#receipts.size === 0;
    this.#receipts.set(lane, Math.max(upTo, this.#receipts.get(lane) ?? 0));
    if (isFirst) this.#releasing = this.#releasing.then(() => this.#release());
  }

  async #release(): Promise<void> {
    const named = [...this.#receipts];
    this.#receipts.clear();
    for (const [lane, upTo] of named) {
      try {
        if (upTo > this.#options.journal.releasedUpTo(lane)) await this.#options.journal.release(lane, upTo);
        this.#cursors[lane].released(upTo, this.#monotonicMs());
      } catch (error) {
        this.#lastError = error instanceof Error ? error.message : String(error);
      }
    }
    this.#wake.wake();
  }
}
