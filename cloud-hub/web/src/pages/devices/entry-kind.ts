import type { TimelineEntry } from "../../api/device.ts";
import type { Tone } from "../../values/state-badge.tsx";

/** The rows of the track: which entries each holds, and the mark it draws. */
export const entryRows: readonly {
  readonly name: string;
  readonly kinds: readonly TimelineEntry["kind"][];
  readonly mark: string;
}[] = [
  { name: "offers", kinds: ["release"], mark: "◆" },
  { name: "restarts", kinds: ["start", "engine"], mark: "▲" },
  { name: "gaps, notes", kinds: ["gap", "clock", "window", "claim", "twin"], mark: "■" },
];

const words: Record<TimelineEntry["kind"], { readonly word: string; readonly tone: Tone }> = {
  release: { word: "release", tone: "busy" },
  start: { word: "start", tone: "idle" },
  engine: { word: "engine restart", tone: "warn" },
  gap: { word: "gap", tone: "warn" },
  clock: { word: "clock", tone: "warn" },
  window: { word: "sketch apart", tone: "warn" },
  claim: { word: "false claim", tone: "bad" },
  twin: { word: "twin", tone: "bad" },
};

/** An entry's kind as a word; a release that was refused or taken back is bad news, one taken over for good is good. */
export function shownKind({ kind, state }: TimelineEntry): { readonly word: string; readonly tone: Tone } {
  if (kind !== "release") return words[kind];
  if (state === "refused" || state === "rolled-back") return { word: state.replace("-", " "), tone: "bad" };
  return state === "good" ? { word: "took over", tone: "good" } : { word: state ?? "release", tone: "busy" };
}
