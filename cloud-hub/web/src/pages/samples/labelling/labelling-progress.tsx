import { useQuery } from "@tanstack/react-query";
import { overviewQuery } from "../../../api/overview.ts";
import { countText } from "../../../values/format-amount.ts";
import { useOutbox } from "./browser-outbox.ts";
import { type LabelSession, tally } from "./label-session.ts";
import classes from "./labelling.module.css";

/** How far one has come: answered here, on their way to the hub, still waiting there, and what everybody did today. */
export function LabellingProgress({ session, waiting }: { session: LabelSession; waiting: number | undefined }) {
  const { answered, unsure, skipped } = tally(session);
  const outbox = useOutbox();
  const labels = useQuery(overviewQuery).data?.labels;
  const facts: readonly (readonly [string, string])[] = [
    ["answered here", countText(answered)],
    ["unsure", countText(unsure)],
    ["skipped", countText(skipped)],
    ["on their way", countText(outbox.waiting)],
    ["waiting when last asked", waiting === undefined ? "–" : countText(waiting)],
    ["labels today, by everybody", labels === undefined ? "–" : countText(labels.today)],
    ["people who labelled", labels === undefined ? "–" : countText(labels.people)],
  ];
  return (
    <dl className={classes.progress} aria-label="Progress">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
