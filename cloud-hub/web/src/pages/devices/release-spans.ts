import type { TimelineEntry } from "../../api/device.ts";

/** A time during which a device ran one release, as shares of the whole span. */
export type ReleaseSpan = { readonly release: string | null; readonly from: number; readonly to: number };

/**
 * The releases that a device ran, from its entries (newest first). What ran before the first entry is what the first change
 * came from, which is not known, unless nothing changed: then it is what it runs now.
 */
export function releaseSpans(
  entries: readonly TimelineEntry[],
  span: { readonly from: number; readonly to: number },
  current: string | null,
): readonly ReleaseSpan[] {
  const changes = entries
    .filter(({ kind, state }) => kind === "start" || (kind === "release" && state === "good"))
    .map(({ at, release }) => ({ at, release }))
    .toReversed();
  const spans: { release: string | null; from: number; to: number }[] = [];
  let since = span.from;
  let release = changes.length === 0 ? current : null;
  for (const change of changes) {
    if (change.release === release) continue;
    spans.push({ release, from: since, to: change.at });
    since = change.at;
    release = change.release;
  }
  spans.push({ release, from: since, to: span.to });
  return spans
    .filter(({ from, to }) => to > from)
    .map(({ from, to, ...rest }) => ({ ...rest, from: shareOf(from, span), to: shareOf(to, span) }));
}

/** Where a moment lies in a span, 0 to 1. */
export function shareOf(at: number, { from, to }: { readonly from: number; readonly to: number }): number {
  return Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from)));
}
