import { useQuery } from "@tanstack/react-query";
import { QueryView } from "../../states/query-view.tsx";
import { Time } from "../../values/time.tsx";
import { fetchHistory, type LabelRow } from "./label-requests.ts";
import classes from "./sample-panel.module.css";

/** Who said what of a sample, newest first; nothing that was said is lost. */
export function LabelHistory({ sample }: { sample: string }) {
  const query = useQuery({
    queryKey: ["labels", "history", sample],
    queryFn: ({ signal }) => fetchHistory(sample, signal),
  });
  return (
    <section className={classes.section}>
      <h3>Labels</h3>
      <QueryView query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <p className={classes.soft}>Nobody has said anything yet.</p>
          ) : (
            <ol className={classes.list}>
              {rows.map((row) => (
                <li key={row.id} className={row.holds ? classes.row : `${classes.row} ${classes.soft}`}>
                  <strong>{said(row)}</strong>
                  <span>for {row.head}</span>
                  <span className={classes.soft}>
                    by {row.author}
                    {row.kind === "machine" && " (machine)"}
                    {row.track !== null && ", whole track"}
                    {suggestionWords(row)}
                  </span>
                  <Time at={row.at} />
                  {row.holds && <span className={classes.soft}>holds</span>}
                </li>
              ))}
            </ol>
          )
        }
      </QueryView>
    </section>
  );
}

function said({ state, class: name, undoes }: LabelRow): string {
  if (state === "withdrawn") return "taken back";
  if (state === "unsure") return "unsure";
  return undoes === null ? name : `back to ${name}`;
}

function suggestionWords({ suggestion, class: name, state }: LabelRow): string {
  if (suggestion === null || state !== "answered") return "";
  return suggestion === name ? ", as suggested" : `, suggested was ${suggestion}`;
}
