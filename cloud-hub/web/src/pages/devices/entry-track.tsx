import type { Timeline, TimelineEntry } from "../../api/device.ts";
import { clockText } from "../../values/format-time.ts";
import { shortDigest } from "../../values/short-digest.ts";
import classes from "./device-page.module.css";
import { entryRows } from "./entry-kind.ts";
import { releaseSpans, shareOf } from "./release-spans.ts";

/** A device's releases as bands, and beneath what happened, on the same time as the curves. The list below says it in words. */
export function EntryTrack({ timeline, current }: { timeline: Timeline; current: string | null }) {
  const bands = releaseSpans(timeline.entries, timeline, current);
  return (
    <div className={classes.track} aria-hidden="true">
      <span className={classes.trackName}>releases</span>
      <div className={classes.trackRow}>
        {bands.map(({ release, from, to }) => (
          <span
            key={`${from}`}
            className={classes.band}
            data-unknown={release === null || undefined}
            style={{ left: percent(from), width: percent(to - from) }}
          >
            {release === null ? "" : shortDigest(release)}
          </span>
        ))}
      </div>
      {entryRows.map(({ name, kinds, mark }) => (
        <Row
          key={name}
          name={name}
          mark={mark}
          timeline={timeline}
          entries={timeline.entries.filter(({ kind }) => kinds.includes(kind))}
        />
      ))}
    </div>
  );
}

function Row(props: { name: string; mark: string; timeline: Timeline; entries: readonly TimelineEntry[] }) {
  const { name, mark, timeline, entries } = props;
  return (
    <>
      <span className={classes.trackName}>{name}</span>
      <div className={classes.trackRow}>
        {entries.map((entry, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: entries have no name of their own
            key={`${entry.at}/${index}`}
            className={classes.mark}
            title={`${clockText(entry.at)}: ${entry.sentence}`}
            style={{ left: percent(shareOf(entry.at, timeline)) }}
          >
            {mark}
          </span>
        ))}
      </div>
    </>
  );
}

const percent = (share: number): string => `${share * 100}%`;
