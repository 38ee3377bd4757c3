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

/** What one release answered: how many frames, the first and the last of them when (ms since 1970). */
export type Answering = { readonly frames: number; readonly firstAt: number; readonly lastAt: number };

/**
 * How the reader stands since it started.
 * waiting: journal records without a receipt · byRelease: answers as the program got them · bytes: on the wire, downloads of
 * releases included · loopDelayP99Ms: delay of the event loop
 */
export type Counts = {
  readonly shown: number;
  readonly answered: number;
  readonly failed: number;
  readonly waiting: number;
  readonly release: string | null;
  readonly byRelease: Readonly<Record<string, Answering>>;
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
