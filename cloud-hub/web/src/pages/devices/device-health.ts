import type { Device } from "../../api/device.ts";
import type { Tone } from "../../values/state-badge.tsx";

/** A device's state as one word, how it is to be taken, and the sentence behind it. */
export type ShownHealth = { readonly tone: Tone; readonly word: string; readonly sentence: string };

const tones = { healthy: "good", silent: "warn", failing: "bad", unknown: "idle" } as const;

/** What to show of a device's health; one that was added but never enrolled says what is to be done. */
export function shownHealth({ enrolled, health, device }: Device): ShownHealth {
  if (!enrolled) {
    return { tone: "idle", word: "not enrolled", sentence: `Run "fieldloop-edge enrol CODE" on ${device}.` };
  }
  return { tone: tones[health.state], word: health.state, sentence: health.sentence };
}

/** The order of states when sorted: what wants a person comes first. */
export const healthRank = (device: Device): number =>
  ["failing", "silent", "unknown", "not enrolled", "healthy"].indexOf(shownHealth(device).word);
