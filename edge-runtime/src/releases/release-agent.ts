import { join } from "node:path";
import { type DesiredState, processorEngines, profiles, type Signed } from "@fieldloop/devices";
import { engineFingerprint } from "../engine/fingerprint.ts";
import { EdgeRuntimeError } from "../errors.ts";
import type { BlobStore } from "./blob-store.ts";
import type { DurableFiles } from "./durable-files.ts";
import { enginesOf } from "./engine-candidate.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import type { HeldRelease, LoadedRelease } from "./loaded-release.ts";
import { asRefusal, type OfferResult, type RefusalCode, ReleaseRefusal } from "./refusal.ts";
import { loadRelease, type ReleaseSurroundings, stageRelease } from "./release-loader.ts";
import { type ReleaseParts, readDesiredState, readRelease } from "./release-parts.ts";
import type { ReleaseEvent, ReleaseStatus, ReleaseStore, ReleaseStoreOptions } from "./releases.ts";
import { readSlot, type SlotDocuments, writeSlot } from "./slot-folder.ts";
import { isRunnable, lastGood, type Slot, type SlotName, type StateFile } from "./slot-state.ts";

const maxStarts = 3;
const maxTrialCrashes = 3;
const maxBanned = 64;
const maxWaitingOffers = 8;

/** The steps by which a device changes what it runs, each durable before the next begins. */
export class ReleaseAgent implements ReleaseStore {
  readonly #options: ReleaseStoreOptions;
  readonly #files: DurableFiles;
  readonly #blobs: BlobStore;
  readonly #state: StateFile;
  readonly #surroundings: ReleaseSurroundings;
  #held: HeldRelease | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #retiring = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #fetching: { readonly number: number; readonly abort: AbortController } | undefined;
  #waitingOffers = 0;
  #answers = 0;
  #crashes = 0;
  #trialTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ReleaseStoreOptions, files: DurableFiles, blobs: BlobStore, state: StateFile) {
    this.#options = options;
    this.#files = files;
    this.#blobs = blobs;
    this.#state = state;
    const { startEngine: start, engines = profileEngines(options.profile), lookAgainMs } = options;
    const enginesFor = start
      ? () => [{ title: "onnxruntime", isServer: false, start }]
      : enginesOf(engines, join(options.dir, "plans"));
    this.#surroundings = { blobs, enginesFor, hooks: this.#hooks, lookAgainMs };
  }

  acquire(): LoadedRelease | undefined {
    this.#held?.acquire();
    return this.#held;
  }

  status(): ReleaseStatus {
    const { seen, current, slots } = this.#state.state;
    const held = this.#held;
    const serving = held && { serving: held.serving() };
    return { release: held?.digest, number: held?.number ?? 0, ...serving, seen, current, slots };
  }

  async offer(desired: Signed, fetcher: ReleaseFetcher): Promise<OfferResult> {
    let asked: DesiredState | undefined;
    try {
      if (this.#closed)
        throw new EdgeRuntimeError("releases-closed", "This device's releases are closed; open them again.");
      asked = readDesiredState(desired, this.#options);
      const wanted = asked;
      if (this.#waitingOffers >= maxWaitingOffers)
        throw new ReleaseRefusal("incomplete", "Other releases are being taken; offer this one again.");
      this.#supersede(asked.number);
      this.#waitingOffers += 1;
      await this.#inTurn(() => this.#take(wanted, desired, fetcher)).finally(() => (this.#waitingOffers -= 1));
      return { accepted: true, release: asked.release, number: asked.number };
    } catch (error) {
      return this.#refused(error, asked);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort(new ReleaseRefusal("incomplete", "This device stops; offer the release again."));
    await this.#inTurn(async () => {
      clearTimeout(this.#trialTimer);
      await this.#uncountStart();
      const held = this.#held;
      this.#held = undefined;
      this.#retire(held);
      await Promise.all(this.#retiring);
    });
  }

  /** Starts the current slot; a trial's start is counted on the disk before it is tried. */
  async start(): Promise<void> {
    for (let slot = this.#chooseSlot(); slot !== null; slot = this.#chooseSlot()) {
      const held = this.#state.state.slots[slot];
      if (held.state === "trial" && held.starts >= maxStarts) {
        await this.#giveUp(slot, "failed-trial", `It was started ${held.starts} times and never came to be good.`);
        continue;
      }
      if (held.state === "trial") await this.#setSlot(slot, { ...held, starts: held.starts + 1 });
      try {
        this.#serve(await this.#loadSlot(slot));
        return;
      } catch (error) {
        if (error instanceof EdgeRuntimeError && error.code === "engine-unavailable") throw error;
        const { code, message } = asRefusal(error);
        await this.#giveUp(slot, code, message);
      }
    }
  }

  #chooseSlot(): SlotName | null {
    const { current } = this.#state.state;
    if (current !== null && isRunnable(this.#state.state.slots[current])) return current;
    return lastGood(this.#state.state);
  }

  /** A second try tells a machine that was short of memory from a release that does not run. */
  async #loadSlot(slot: SlotName): Promise<HeldRelease> {
    const { manifest, release } = await readSlot(this.#options.dir, slot, this.#options);
    const held = this.#state.state.slots[slot];
    if (!isRunnable(held) || held.release !== release) {
      throw new ReleaseRefusal(
        "digest-mismatch",
        `Expected slot ${slot} to hold what the state names, it holds ${release}.`,
      );
    }
    const parts = readRelease(manifest, release, this.#options, this.#maxBytes);
    const load = () => loadRelease(parts, held.number, this.#surroundings);
    return load().catch((error: unknown) => (error instanceof ReleaseRefusal ? Promise.reject(error) : load()));
  }

  async #take(asked: DesiredState, desired: Signed, fetcher: ReleaseFetcher): Promise<void> {
    if (this.#isRunning(asked)) return;
    this.#requireFresh(asked);
    if (this.#held?.digest === asked.release) return this.#renumber(this.#held, asked.number);
    this.#requireNotBanned(asked.release);
    this.#tell({ state: "offered", number: asked.number, release: asked.release });
    await this.#state.update(({ seen }) => ({ seen: Math.max(seen, asked.number) }));
    const { manifest, parts } = await this.#fetch(asked, fetcher);
    const candidate = await this.#stage(parts, asked.number);
    await this.#switchTo(candidate, { manifest, desired }).catch(async (error: unknown) => {
      await candidate.retire();
      throw error;
    });
    await this.#removeUnused().catch(() => undefined);
  }

  async #stage(parts: ReleaseParts, number: number): Promise<HeldRelease> {
    try {
      return await stageRelease(parts, number, this.#surroundings);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code === "golden-failed") await this.#ban(parts.digest, refusal);
      throw refusal;
    }
  }

  async #fetch({ number, release }: DesiredState, fetcher: ReleaseFetcher) {
    const abort = new AbortController();
    this.#fetching = { number, abort };
    const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
    try {
      const manifest = await unlessAborted(signal, fetcher.manifest(release));
      const parts = readRelease(manifest, release, this.#options, this.#maxBytes);
      await unlessAborted(signal, this.#blobs.fetch(parts.blobs, fetcher, signal));
      return { manifest, parts };
    } finally {
      this.#fetching = undefined;
    }
  }

  /** A later desired state does not wait for the download of what it replaces. */
  #supersede(number: number): void {
    if (this.#fetching === undefined || this.#fetching.number >= number) return;
    const reason = `Expected to fetch what desired state ${this.#fetching.number} asks for, number ${number} came meanwhile and replaces it.`;
    this.#fetching.abort.abort(new ReleaseRefusal("stale-desired-state", reason));
  }

  /** The desired state of what runs already, said again by a network that repeats itself. */
  #isRunning({ number, release }: DesiredState): boolean {
    return this.#held?.number === number && this.#held.digest === release;
  }

  /** The release that runs is asked for by a higher number: only the number is new. */
  async #renumber(held: HeldRelease, number: number): Promise<void> {
    const { current } = this.#state.state;
    const slot = this.#currentSlot();
    const isHeld = current !== null && slot !== undefined && isRunnable(slot) && slot.release === held.digest;
    await this.#state.update((state) => ({
      seen: number,
      slots: isHeld ? { ...state.slots, [current]: { ...slot, number } } : state.slots,
    }));
    held.number = number;
  }

  #requireFresh({ number }: DesiredState): void {
    const running = this.#held?.number ?? 0;
    const { seen } = this.#state.state;
    if (number > running && number >= seen) return;
    throw new ReleaseRefusal(
      "stale-desired-state",
      `Expected a desired state numbered above ${Math.max(running, seen - 1)}, got ${number}; it was replaced by a later one.`,
    );
  }

  #requireNotBanned(release: string): void {
    const banned = this.#state.state.banned.find((entry) => entry.release === release && entry.engine === engineName());
    if (banned) throw new ReleaseRefusal(banned.code, `This release failed on this device before: ${banned.reason}`);
  }

  /** From here on the old release stays loadable until the one line that names the new one is on the disk. */
  async #switchTo(candidate: HeldRelease, documents: SlotDocuments): Promise<void> {
    const kept = lastGood(this.#state.state) ?? this.#state.state.current;
    const target: SlotName = kept === "a" ? "b" : "a";
    const { digest: release, number } = candidate;
    await this.#state.update((state) => ({ current: kept, slots: { ...state.slots, [target]: { state: "empty" } } }));
    await writeSlot(this.#options.dir, target, this.#files, documents);
    await this.#setSlot(target, { state: "staged", release, number });
    this.#tell({ state: "staged", number, release });
    await this.#state.update((state) => ({
      current: target,
      slots: { ...state.slots, [target]: { state: "trial", release, number, starts: 1 } },
    }));
    const old = this.#held;
    this.#serve(candidate);
    this.#retire(old);
  }

  #serve(held: HeldRelease): void {
    this.#held = held;
    this.#answers = 0;
    this.#crashes = 0;
    clearTimeout(this.#trialTimer);
    if (this.#currentSlot()?.state === "trial") {
      this.#trialTimer = setTimeout(() => this.#commit(held.digest), this.#options.trialMs ?? 60_000).unref();
    }
  }

  /** Frames that still use a replaced release finish with it; nothing waits for them. */
  #retire(held: HeldRelease | undefined): void {
    if (held === undefined) return;
    const gone = held.retire().finally(() => this.#retiring.delete(gone));
    this.#retiring.add(gone);
  }

  #currentSlot(): Slot | undefined {
    const { current, slots } = this.#state.state;
    return current === null ? undefined : slots[current];
  }

  readonly #hooks = {
    onAnswer: (digest: string) => this.#answered(digest),
    onCrash: (digest: string) => this.#crashed(digest),
  };

  #answered(digest: string): void {
    if (this.#held?.digest !== digest) return;
    this.#answers += 1;
    if (this.#answers % (this.#options.trialAnswers ?? 10) === 0) this.#commit(digest);
  }

  #commit(digest: string): void {
    this.#inBackground(async () => {
      const { current } = this.#state.state;
      const slot = this.#currentSlot();
      if (current === null || slot?.state !== "trial" || slot.release !== digest) return;
      await this.#setSlot(current, { state: "good", release: slot.release, number: slot.number });
      clearTimeout(this.#trialTimer);
      this.#tell({ state: "good", number: slot.number, release: slot.release });
    });
  }

  #crashed(digest: string): void {
    if (this.#held?.digest !== digest) return;
    this.#options.onEngineRestart?.(digest);
    this.#crashes += 1;
    if (this.#crashes < maxTrialCrashes || this.#currentSlot()?.state !== "trial") return;
    this.#inBackground(() => this.#fallBack(digest));
  }

  /** Leaves a release on trial whose engine keeps dying, where a good one lies ready. */
  async #fallBack(digest: string): Promise<void> {
    const { current } = this.#state.state;
    const slot = this.#currentSlot();
    const good = lastGood(this.#state.state);
    if (current === null || slot?.state !== "trial" || slot.release !== digest || good === null) return;
    const replacement = await this.#loadSlot(good);
    await this.#giveUp(current, "failed-trial", `Its engine ended ${this.#crashes} times while it was on trial.`);
    const failed = this.#held;
    this.#serve(replacement);
    this.#retire(failed);
  }

  async #giveUp(slot: SlotName, code: RefusalCode, reason: string): Promise<void> {
    const failed = this.#state.state.slots[slot];
    if (!isRunnable(failed)) return;
    const { release, number } = failed;
    if (code === "failed-trial" || code === "golden-failed") await this.#ban(release, { code, message: reason });
    await this.#state.update((state) => {
      const slots = { ...state.slots, [slot]: { state: "bad", release, number } as const };
      return { slots, current: lastGood({ ...state, slots }) };
    });
    this.#tell({ state: "rolled-back", number, release, code, reason });
  }

  async #ban(
    release: string,
    { code, message }: { readonly code: RefusalCode; readonly message: string },
  ): Promise<void> {
    const entry = { release, engine: engineName(), code, reason: message.slice(0, 300) };
    await this.#state.update(({ banned }) => ({
      banned: [...banned.filter((known) => known.release !== release), entry].slice(-maxBanned),
    }));
  }

  /** An orderly stop is no failed start. */
  async #uncountStart(): Promise<void> {
    const { current } = this.#state.state;
    const slot = this.#currentSlot();
    if (current === null || slot?.state !== "trial" || this.#held === undefined) return;
    await this.#setSlot(current, { ...slot, starts: Math.max(0, slot.starts - 1) });
  }

  #setSlot(name: SlotName, slot: Slot): Promise<void> {
    return this.#state.update((state) => ({ slots: { ...state.slots, [name]: slot } }));
  }

  async #removeUnused(): Promise<void> {
    const used = new Set<string>();
    for (const slot of ["a", "b"] as const) {
      if (this.#state.state.slots[slot].state === "empty") continue;
      const { manifest } = await readSlot(this.#options.dir, slot, this.#options);
      for (const digest of Buffer.from(manifest.payload)
        .toString("utf8")
        .match(/sha256:[0-9a-f]{64}/g) ?? [])
        used.add(digest);
    }
    await this.#blobs.keepOnly(used);
  }

  get #maxBytes(): number {
    return this.#options.maxBytes ?? 1024 ** 3;
  }

  #refused(error: unknown, asked: DesiredState | undefined): OfferResult {
    const { code, message: reason } = asRefusal(error);
    this.#tell({ state: "refused", number: asked?.number ?? 0, release: asked?.release ?? null, code, reason });
    return { accepted: false, code, reason };
  }

  #tell(event: ReleaseEvent): void {
    this.#options.onEvent?.(event);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Work that nobody waits for: when its write fails, the state on the disk stays as it was and the next chance tries again. */
  #inBackground(work: () => Promise<void>): void {
    if (this.#closed) return;
    this.#inTurn(work).catch(() => undefined);
  }
}

/** A profile that this runtime does not know yet still has a processor. */
function profileEngines(name: string) {
  return profiles.find((profile) => profile.name === name)?.engines ?? processorEngines;
}

function engineName(): string {
  const { engine, version } = engineFingerprint();
  return `${engine} ${version}`;
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
