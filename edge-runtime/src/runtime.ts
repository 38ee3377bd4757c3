import type { OfferResult } from "./releases/index.ts";
import { DeviceRuntime, type RuntimeOptions } from "./runtime/device-runtime.ts";
import type { Frame, Prediction } from "./runtime/frame.ts";
import type { Outcome } from "./runtime/outcome.ts";
import type { RuntimeEvents } from "./runtime/runtime-events.ts";
import type { RuntimeStatus } from "./runtime/status.ts";

/** A device at work, as a program sees it. */
export interface Runtime {
  /**
   * Answers one frame by the release that runs now; every call is answered or counted with its reason.
   * @throws {EdgeRuntimeError} `no-release`, `mailbox-full`, `bad-frame`, `image-too-large`, `image-unreadable`,
   *   `image-unsupported`, `run-timeout`, `engine-crashed`, `runtime-closed`
   */
  infer(frame: Frame): Promise<Prediction>;
  /**
   * Records what came of acting on a prediction; resolves once it is on the disk.
   * @throws {EdgeRuntimeError} `bad-outcome` · @throws {JournalError} `disk-full`, `write-failed`
   */
  reportOutcome(predictionId: string, outcome: Outcome): Promise<void>;
  /** Offers a release and a signed desired state in a folder (a USB stick); the checks are those of the air. */
  offerBundle(dir: string): Promise<OfferResult>;
  status(): RuntimeStatus;
  /** Listens to `release`, `refused` and `error`; returns the function that ends it. */
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void;
  /** Answers what waits, keeps what was gathered, and closes everything; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the runtime of an enrolled device's data folder; everything but enrolment works without the hub.
 * @throws {EdgeRuntimeError} `not-enrolled`, `identity-unreadable`, `folder-in-use`, `bad-engines`, `engine-unavailable`
 * @throws {JournalError} where the disk does not serve the journal
 */
export function openRuntime(dir: string, options: RuntimeOptions = {}): Promise<Runtime> {
  return DeviceRuntime.open(dir, options);
}
