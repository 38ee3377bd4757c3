import type { Lane } from "@fieldloop/devices";
import type { LaneStats } from "../journal/index.ts";
import type { ReleaseStatus } from "../releases/index.ts";
import type { UplinkStatus } from "../uplink/uplink.ts";
import type { SwapTally } from "./tallies.ts";

/**
 * How a device stands.
 * frames: since the runtime opened, `frames` = `answered` + `inWork` + all of `unanswered` (by reason) · unrecorded:
 * records that the journal could not take, by lane and reason · engineRestarts: engines that ended by themselves and were
 * started anew · bytes: on the wire, downloads of releases included
 */
export interface RuntimeStatus {
  readonly fleet: string;
  readonly device: string;
  readonly profile: string;
  readonly runtimeVersion: string;
  readonly epoch: string;
  readonly startedAt: number;
  readonly release: string | null;
  readonly desiredNumber: number;
  readonly releases: ReleaseStatus;
  readonly frames: {
    readonly frames: number;
    readonly answered: number;
    readonly inWork: number;
    readonly unanswered: Readonly<Record<string, number>>;
  };
  readonly swaps: readonly SwapTally[];
  readonly engineRestarts: number;
  readonly audit: { readonly rate: number | null; readonly halvings: number };
  readonly unrecorded: Readonly<Partial<Record<Lane, Readonly<Record<string, number>>>>>;
  readonly journal: {
    readonly lanes: Readonly<Record<string, LaneStats>>;
    readonly diskBytes: number;
    readonly lastSeq: Readonly<Record<Lane, number>>;
  };
  readonly uplink: UplinkStatus | null;
  readonly bytes: { readonly up: number; readonly down: number };
}
