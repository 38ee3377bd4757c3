import { Button } from "@mantine/core";
import { useState } from "react";
import type { TimelineEntry } from "../../api/device.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import classes from "./device-page.module.css";
import { shownKind } from "./entry-kind.ts";

const shownAtFirst = 8;

/** What happened, in sentences, newest first. */
export function EntryList({ entries, hasMore }: { entries: readonly TimelineEntry[]; hasMore: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? entries : entries.slice(0, shownAtFirst);
  if (entries.length === 0) return <p className={classes.soft}>No release, restart or gap in this span.</p>;
  return (
    <>
      <ol className={classes.entries}>
        {shown.map((entry, index) => {
          const { word, tone } = shownKind(entry);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries have no name of their own
            <li key={`${entry.at}/${index}`}>
              <Time at={entry.at} />
              <span>
                <StateBadge tone={tone}>{word}</StateBadge>
              </span>
              <span>{entry.sentence}</span>
            </li>
          );
        })}
      </ol>
      {entries.length > shown.length && (
        <Button variant="default" size="compact-sm" onClick={() => setWhole(true)}>
          Show {entries.length - shown.length} more
        </Button>
      )}
      {isWhole && hasMore && (
        <p className={classes.soft}>Older ones are left out; choose a shorter span to see them.</p>
      )}
    </>
  );
}
