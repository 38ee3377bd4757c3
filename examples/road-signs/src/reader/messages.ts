import type { Scene } from "./playlist.ts";

/** What the story asks of the reader: show a scene (for some frames, or looped until told to stop), or offer a bundle. */
export type ReaderRequest =
  | {
      readonly kind: "play";
      readonly scene: Scene;
      readonly frames: number | "until-stopped";
      readonly framesPerSecond: number;
    }
  | { readonly kind: "stop" }
  | { readonly kind: "offer"; readonly bundle: string }
  | { readonly kind: "count" };

/**
 * How the reader stands since it started.
 * waiting: journal records without a receipt · swaps: changes of release with the frames that came between offer and first
 * answer · bytes: on the wire, downloads of releases included · loopDelayP99Ms: delay of the event loop
 */
export type Counts = {
  readonly shown: number;
  readonly answered: number;
  readonly failed: number;
  readonly waiting: number;
  readonly release: string | null;
  readonly swaps: readonly { readonly release: string; readonly frames: number; readonly unanswered: number }[];
  readonly bytes: { readonly up: number; readonly down: number };
  readonly loopDelayP99Ms: number;
};

/** What the reader says back; every request is answered once. */
export type ReaderReply =
  | { readonly kind: "ready" }
  | { readonly kind: "played"; readonly counts: Counts }
  | { readonly kind: "counted"; readonly counts: Counts }
  | { readonly kind: "offered"; readonly accepted: boolean; readonly code: string; readonly reason: string }
  | { readonly kind: "failed"; readonly sentence: string };
