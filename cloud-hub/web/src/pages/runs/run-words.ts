import type { Tone } from "../../values/state-badge.tsx";
import type { Run, RunState } from "./run-requests.ts";

/** How each state is to be taken. */
export const runTones: Readonly<Record<RunState, Tone>> = {
  waiting: "idle",
  running: "busy",
  done: "good",
  failed: "bad",
  cancelled: "warn",
};

/** How long a run took, or takes so far, in ms; undefined before it began. */
export function tookMs(
  { startedAt, finishedAt }: Pick<Run, "startedAt" | "finishedAt">,
  now: number,
): number | undefined {
  return startedAt === null ? undefined : Math.max(0, (finishedAt ?? now) - startedAt);
}

/** One line of a recipe, in words: lists by their size where they are long. */
export function recipeLines(recipe: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return Object.entries(recipe).map(([name, value]) => [name, wordsOf(value)] as const);
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) {
    const parts = value.map((part) => (isHead(part) ? `${part.name} (${part.classes.length} classes)` : wordsOf(part)));
    return parts.length > 12 ? `${parts.length} values` : parts.join(", ");
  }
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function isHead(value: unknown): value is { readonly name: string; readonly classes: readonly unknown[] } {
  return (
    typeof value === "object" && value !== null && "name" in value && "classes" in value && Array.isArray(value.classes)
  );
}
