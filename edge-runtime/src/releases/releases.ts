import type { EngineChoice, Signed } from "@fieldloop/devices";
import type { DurableFiles } from "./durable-files.ts";
import type { StartEngine } from "./engine-candidate.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import type { LoadedRelease } from "./loaded-release.ts";
import type { OfferResult, RefusalCode } from "./refusal.ts";
import type { ServingEngine } from "./release-engine.ts";
import type { ReleaseReader } from "./release-parts.ts";
import type { Slot, SlotName } from "./slot-state.ts";

/** What happened to a release on this device, as the control lane tells it. */
export interface ReleaseEvent {
  readonly state: "offered" | "staged" | "good" | "refused" | "rolled-back";
  readonly number: number;
  readonly release: string | null;
  readonly code?: RefusalCode;
  readonly reason?: string;
}

/** How a device's releases are opened. */
export interface ReleaseStoreOptions extends ReleaseReader {
  /** The folder that holds `blobs/`, `slot-a/`, `slot-b/` and `state.json`. */
  readonly dir: string;
  readonly onEvent?: (event: ReleaseEvent) => void;
  /** Told each time the engine of the release that runs ended by itself; it is started anew. */
  readonly onEngineRestart?: (release: string) => void;
  /** The engines of this device, best first; those of its profile unless given. */
  readonly engines?: readonly EngineChoice[];
  /** Runs every target in one kind of engine instead, for tests and for programs that bring their own. */
  readonly startEngine?: StartEngine;
  /** How often a better engine that was not there is looked for; a minute unless said otherwise. */
  readonly lookAgainMs?: number;
  /** What a release may weigh on this device; 1 GiB unless said otherwise. */
  readonly maxBytes?: number;
  /** How many answered frames make a new release good; 10 unless said otherwise. */
  readonly trialAnswers?: number;
  /** How long a new release must have lived to be good without answers; 60 s unless said otherwise. */
  readonly trialMs?: number;
  readonly files?: DurableFiles;
  readonly wait?: (ms: number) => Promise<void>;
}

/** What a device can say of its releases. */
export interface ReleaseStatus {
  readonly release: string | undefined;
  readonly number: number;
  /** What runs the release; absent while none runs. */
  readonly serving?: ServingEngine;
  readonly seen: number;
  readonly current: SlotName | null;
  readonly slots: Readonly<Record<SlotName, Slot>>;
}

/** The releases of a device: one runs, one more lies ready, and no step on the way leaves it without either. */
export interface ReleaseStore {
  /** The release that answers now, counted as in use: call its `release()` when the frame is done. */
  acquire(): LoadedRelease | undefined;
  /**
   * Takes the release that a signed desired state asks for: verify, fetch, stage, golden samples, switch.
   * Offers are taken one after the other; refusals are values.
   */
  offer(desired: Signed, fetcher: ReleaseFetcher): Promise<OfferResult>;
  status(): ReleaseStatus;
  /** Waits for frames in flight and for the offer being taken, then closes the engines. */
  close(): Promise<void>;
}
