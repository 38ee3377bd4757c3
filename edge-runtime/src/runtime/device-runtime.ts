import { join } from "node:path";
import {
  decodePublicKey,
  type EngineChoice,
  encodeMessage,
  type Inventory,
  type Lane,
  lanes,
} from "@fieldloop/devices";
import { engineTitle } from "../engine/engine-starter.ts";
import { EdgeRuntimeError } from "../errors.ts";
import { deviceEngines } from "../identity/device-engines.ts";
import { type Identity, readIdentity } from "../identity/identity.ts";
import type { Journal, LaneStats } from "../journal/index.ts";
import { FrameCounter } from "../pipeline/frame-counter.ts";
import type { MailboxPolicy } from "../pipeline/mailbox.ts";
import {
  folderFetcher,
  httpFetcher,
  type OfferResult,
  openReleases,
  type ReleaseEvent,
  type ReleaseStore,
  type ReleaseStoreOptions,
  readSigned,
} from "../releases/index.ts";
import { AuditReserve } from "../sampling/audit-reserve.ts";
import { LaneWriter } from "../sampling/lane-writer.ts";
import { startUplink, type Uplink } from "../uplink/uplink.ts";
import { DesiredQueue } from "./desired-queue.ts";
import { type JournalLimits, openDeviceJournal } from "./device-journal.ts";
import type { Frame, Prediction } from "./frame.ts";
import { FrameDesk } from "./frame-desk.ts";
import { encodeOutcome, type Outcome } from "./outcome.ts";
import { Listeners, type RuntimeEvents } from "./runtime-events.ts";
import { runtimeVersion } from "./runtime-version.ts";
import type { RuntimeStatus } from "./status.ts";
import { serveStatus } from "./status-socket.ts";
import { count, Tallies } from "./tallies.ts";
import { machineTemperatureC } from "./temperature.ts";

/** How a runtime is opened; everything has a default that suits a device in the field. */
export interface RuntimeOptions {
  readonly journal?: JournalLimits;
  /** Frames that may wait for an answer (default 32), and who gives way when the line is full (default `block`). */
  readonly mailbox?: { readonly waiting?: number; readonly policy?: MailboxPolicy };
  /** Whether to talk to the hub; true unless said otherwise. */
  readonly uplink?: boolean;
  readonly receiptTimeoutMs?: number;
  readonly mostBackoffMs?: number;
  /** How often the device says hello while nothing changes; 60 s unless said otherwise. */
  readonly helloEveryMs?: number;
  /** The machine's temperature in °C, `undefined` where it has no sensor; its own files say it unless given. */
  readonly temperatureC?: () => number | undefined;
  readonly startEngine?: ReleaseStoreOptions["startEngine"];
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs?: () => number;
  /** Uniform in [0, 1); jitter only. */
  readonly random?: () => number;
}

interface Parts {
  readonly identity: Identity;
  readonly journal: Journal;
  readonly counter: FrameCounter;
  readonly reserve: AuditReserve;
  readonly options: RuntimeOptions;
}

/** A device at work: its releases answer frames, its journal keeps what is worth it, its uplink carries it to the hub. */
export class DeviceRuntime {
  readonly #identity: Identity;
  readonly #journal: Journal;
  readonly #counter: FrameCounter;
  readonly #reserve: AuditReserve;
  readonly #options: RuntimeOptions;
  readonly #clock: () => number;
  readonly #monotonicMs: () => number;
  readonly #startedAt: number;
  readonly #writer: LaneWriter;
  readonly #tallies: Tallies;
  readonly #lost: Partial<Record<Lane, Record<string, number>>> = {};
  readonly #listeners = new Listeners();
  #releases!: ReleaseStore; // set by `open` before anybody has the runtime
  #desired!: DesiredQueue;
  #desk!: FrameDesk;
  #uplink: Uplink | undefined;
  #socket: { close(): Promise<void> } | undefined;
  #closing: Promise<void> | undefined;
  #lastStatus: RuntimeStatus | undefined;
  #engineRestarts = 0;
  #preferredEngine = "onnxruntime";

  private constructor({ identity, journal, counter, reserve, options }: Parts) {
    this.#identity = identity;
    this.#journal = journal;
    this.#counter = counter;
    this.#reserve = reserve;
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#startedAt = Math.round(this.#clock());
    this.#tallies = new Tallies(this.#clock);
    this.#writer = new LaneWriter(journal, (lane, reason) => this.#lose(lane, reason));
  }

  /** Opens everything in its order: identity, journal (the lock), frame numbers, releases, uplink. */
  static async open(dir: string, options: RuntimeOptions): Promise<DeviceRuntime> {
    const identity = await readIdentity(dir);
    const clock = options.clock ?? Date.now;
    const journal = await openDeviceJournal(dir, options.journal, clock);
    let counter: FrameCounter | undefined;
    try {
      counter = await FrameCounter.open(dir, journal.epoch);
      const reserve = await AuditReserve.open(journal, dir, clock);
      const runtime = new DeviceRuntime({ identity, journal, counter, reserve, options });
      await runtime.#start(dir);
      return runtime;
    } catch (error) {
      await counter?.close();
      await journal.close();
      throw error;
    }
  }

  async #start(dir: string): Promise<void> {
    const { fleet, device, profile, hubPublicKey, httpUrl, credential, fingerprint } = this.#identity;
    const engines = await deviceEngines(dir, profile);
    this.#preferredEngine = engineTitle(engines[0] as EngineChoice); // the list is never empty
    const { random = Math.random, startEngine, receiptTimeoutMs, mostBackoffMs, helloEveryMs } = this.#options;
    this.#releases = await openReleases({
      dir: join(dir, "releases"),
      hubKey: decodePublicKey(hubPublicKey),
      fleet,
      device,
      profile,
      onEvent: (event) => this.#tellRelease(event),
      onEngineRestart: () => this.#countEngineRestart(),
      engines,
      startEngine,
    });
    this.#desk = this.#openDesk();
    const hub = httpFetcher({ url: httpUrl, fleet, device, credential, fingerprint });
    this.#desired = new DesiredQueue(this.#releases, hub, random);
    this.#socket = await serveStatus(dir, () => this.status()).catch((error: Error) => this.#report(error));
    if (this.#options.uplink === false) return;
    this.#uplink = startUplink({
      identity: this.#identity,
      journal: this.#journal,
      inventory: () => this.#inventory(),
      onDesired: (signed) => this.#desired.put(signed),
      monotonicMs: this.#monotonicMs,
      random,
      receiptTimeoutMs,
      mostBackoffMs,
      helloEveryMs,
    });
  }

  #openDesk(): FrameDesk {
    return new FrameDesk({
      releases: this.#releases,
      counter: this.#counter,
      tallies: this.#tallies,
      writer: this.#writer,
      reserve: this.#reserve,
      device: this.#identity.device,
      epoch: this.#journal.epoch,
      clock: this.#clock,
      monotonicMs: this.#monotonicMs,
      mailbox: this.#options.mailbox,
      onLost: (lane, reason) => this.#lose(lane, reason),
      onSwap: () => this.#uplink?.refresh(),
    });
  }

  /** Answers one frame. */
  infer(frame: Frame): Promise<Prediction> {
    return this.#desk.infer(frame);
  }

  /** Records what came of acting on a prediction; resolves once it is on the disk. */
  async reportOutcome(predictionId: string, outcome: Outcome): Promise<void> {
    const at = Math.round(this.#clock());
    const payload = encodeOutcome(predictionId, outcome, at);
    await this.#journal.append("control", { kind: "outcome", at, priority: 1, payload });
  }

  /** Offers a release and a signed desired state in a folder, with the same checks as over the air. */
  async offerBundle(dir: string): Promise<OfferResult> {
    try {
      return await this.#releases.offer(await readSigned(dir, "desired"), folderFetcher(dir));
    } catch (error) {
      if (!(error instanceof EdgeRuntimeError)) throw error;
      return { accepted: false, code: "incomplete", reason: error.message };
    }
  }

  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  /** How the device stands; once closed, how it stood at the end. */
  status(): RuntimeStatus {
    if (this.#lastStatus !== undefined) return this.#lastStatus;
    const { fleet, device, profile } = this.#identity;
    const { frames, answered, unanswered } = this.#tallies.frames;
    const uplink = this.#uplink?.status();
    return {
      fleet,
      device,
      profile,
      runtimeVersion,
      epoch: this.#journal.epoch,
      startedAt: this.#startedAt,
      release: this.#releases.status().release ?? null,
      desiredNumber: this.#releases.status().number,
      releases: this.#releases.status(),
      frames: { frames, answered, inWork: this.#desk.inWork, unanswered: { ...unanswered } },
      swaps: [...this.#tallies.swaps],
      engineRestarts: this.#engineRestarts,
      audit: { rate: this.#desk.auditRate, halvings: this.#reserve.halvings },
      unrecorded: structuredClone(this.#lost),
      journal: { ...this.#journal.stats(), lastSeq: this.#lastSeqs() },
      uplink: uplink ?? null,
      bytes: { up: uplink?.bytesUp ?? 0, down: (uplink?.bytesDown ?? 0) + this.#desired.bytes },
    };
  }

  /** Answers what waits, keeps what was gathered, and closes everything; safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#desk.drain();
    await this.#desired.close();
    await this.#releases.close();
    this.#desk.flush();
    await this.#writer.settled();
    await this.#uplink?.close();
    await this.#socket?.close();
    this.#lastStatus = this.status();
    await this.#counter.close();
    await this.#journal.close();
  }

  #lose(lane: Lane, reason: string): void {
    const counts = this.#lost[lane] ?? {};
    this.#lost[lane] = counts;
    if (counts[reason] === undefined) this.#report(new Error(`The journal does not take ${lane} records: ${reason}.`));
    count(counts, reason);
  }

  #tellRelease(event: ReleaseEvent): void {
    if (event.state === "offered" && event.release !== null) this.#tallies.offered(event.number, event.release);
    const at = Math.round(this.#clock());
    const { reason, ...rest } = event;
    const body = { v: 1, at, ...rest, ...(reason === undefined ? {} : { reason: reason.slice(0, 1000) }) } as const;
    const payload = encodeMessage("release-event", body);
    void this.#writer.write({ lane: "control", kind: "release-event", at, priority: 1, payload });
    this.#listeners.emit(event.state === "refused" ? "refused" : "release", event);
    if (event.state !== "offered") this.#uplink?.refresh();
  }

  #countEngineRestart(): void {
    this.#engineRestarts += 1;
    this.#uplink?.refresh();
  }

  #report(error: Error): undefined {
    this.#listeners.emit("error", error);
  }

  #inventory(): Inventory {
    const { lanes: stats } = this.#journal.stats();
    const { release, number, serving } = this.#releases.status();
    const temperatureC = (this.#options.temperatureC ?? machineTemperatureC)();
    return {
      v: 1,
      profile: this.#identity.profile,
      simulated: this.#identity.simulated,
      runtimeVersion,
      engine: (serving?.engine ?? this.#preferredEngine).slice(0, 200),
      ...(serving && { target: serving.target }),
      epoch: this.#journal.epoch,
      release: release ?? null,
      desiredNumber: number,
      startedAt: this.#startedAt,
      frames: this.#tallies.frames.frames,
      journal: Object.fromEntries(lanes.map((lane) => [lane, this.#extent(lane, stats[lane] ?? noStats)])),
      ...(temperatureC === undefined ? {} : { temperatureC }),
      sentAt: Math.round(this.#clock()),
      engineRestarts: this.#engineRestarts,
    };
  }

  #extent(lane: Lane, stats: LaneStats): Inventory["journal"][string] {
    return { ...stats, lastSeq: this.#journal.lastSeq(lane), releasedUpTo: this.#journal.releasedUpTo(lane) };
  }

  #lastSeqs(): Record<Lane, number> {
    return Object.fromEntries(lanes.map((lane) => [lane, this.#journal.lastSeq(lane)])) as Record<Lane, number>;
  }
}

const noStats = { waiting: 0, waitingBytes: 0, evicted: 0 };
