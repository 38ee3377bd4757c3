import type { NewRollout } from "../../api/rollout.ts";

/** The fields of the start dialog, as text. */
export type RolloutForm = {
  readonly release: string;
  readonly group: string;
  readonly waves: string;
  readonly soak: string;
  readonly longestSoak: string;
};

/** A field that cannot be read, and the sentence to show beside it. */
export type FieldProblems = Partial<Record<keyof RolloutForm, string>>;

const unitMs: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads the dialog; whether the fleet has such a release or group is the hub's to say. */
export function readRolloutForm(
  form: RolloutForm,
): { readonly rollout: NewRollout } | { readonly problems: FieldProblems } {
  const problems: Record<string, string> = {};
  if (!/^sha256:[0-9a-f]{64}$/.test(form.release.trim())) {
    problems.release = "Choose a release, or paste its whole digest (sha256:…).";
  }
  if (form.group.trim() === "") problems.group = 'Name a group, or "all" for every device.';
  const waves = readWaves(form.waves);
  if (waves === undefined) problems.waves = "Write counts or shares with commas between, for example 1, 25%, 100%.";
  const soakMs = readSpan(form.soak);
  if (soakMs === "unread") problems.soak = "Write a number and s, min, h or d, for example 15 min.";
  const longestSoakMs = readSpan(form.longestSoak);
  if (longestSoakMs === "unread") problems.longestSoak = "Write a number and s, min, h or d, for example 2 h.";
  if (Object.keys(problems).length > 0 || waves === undefined || soakMs === "unread" || longestSoakMs === "unread") {
    return { problems };
  }
  return {
    rollout: {
      release: form.release.trim(),
      group: form.group.trim(),
      ...(waves.length === 0 ? {} : { waves }),
      ...(soakMs === undefined ? {} : { soakMs }),
      ...(longestSoakMs === undefined ? {} : { longestSoakMs }),
    },
  };
}

function readWaves(text: string): readonly (number | string)[] | undefined {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  if (!parts.every((part) => /^\d{1,7}$|^\d{1,3}(\.\d{1,2})?\s*%$/.test(part))) return undefined;
  return parts.map((part) => (part.endsWith("%") ? part.replace(/\s+/, "") : Number(part)));
}

function readSpan(text: string): number | undefined | "unread" {
  if (text.trim() === "") return undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(s|min|h|d)$/.exec(text.trim()) ?? [];
  const factor = unitMs[unit ?? ""];
  return number === undefined || factor === undefined ? "unread" : Math.round(Number(number) * factor);
}
