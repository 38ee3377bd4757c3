import { NativeSelect } from "@mantine/core";
import { Figure } from "../../values/figure.tsx";
import { countText } from "../../values/format-amount.ts";
import { momentText } from "../../values/format-time.ts";
import { ConfusionView } from "./confusion-view.tsx";
import { IntervalBar } from "./interval-bar.tsx";
import type { Evaluation, HeadFigures } from "./model-requests.ts";
import classes from "./models.module.css";
import { queryWords, sliceWords } from "./query-words.ts";

/** How right a version is by an evaluation: as a whole, by slice, and what it took for what. */
export function EvaluationView(props: {
  evaluation: Evaluation;
  version: string;
  head: string | undefined;
  onHead: (head: string) => void;
}) {
  const { evaluation, version, head, onHead } = props;
  const heads = evaluation.versions.find((each) => each.version === version)?.heads ?? {};
  const names = Object.keys(heads);
  const shown = head !== undefined && heads[head] !== undefined ? head : names[0];
  const figures = shown === undefined ? undefined : heads[shown];
  if (shown === undefined || figures === undefined)
    return <p className={classes.soft}>This evaluation does not judge this version.</p>;
  return (
    <>
      <p className={classes.soft}>
        On {countText(evaluation.samples)} {queryWords(evaluation.query, momentText)}; {momentText(evaluation.at)}
        {evaluation.by !== null && `, asked for by ${evaluation.by}`}.
      </p>
      <div className={classes.headline}>
        {names.length > 1 ? (
          <NativeSelect
            aria-label="Head"
            value={shown}
            data={names}
            onChange={(event) => onHead(event.currentTarget.value)}
          />
        ) : (
          <span>{shown}</span>
        )}
        <Figure figure={figures.accuracy} unit="share" of="tracks" />
        <span className={classes.soft}>{countText(figures.samples)} samples</span>
      </div>
      <Slices figures={figures} />
      {figures.confusion !== undefined && <ConfusionView cells={figures.confusion.cells} />}
    </>
  );
}

/** Accuracy by slice, the worst first. */
function Slices({ figures }: { figures: HeadFigures }) {
  const groups = [...Map.groupBy(figures.slices, ({ slice }) => sliceWords(slice).group)];
  if (groups.length === 0) {
    return <p className={classes.soft}>No slice has five tracks or more behind it, so none is shown.</p>;
  }
  return groups.map(([group, slices]) => (
    <section key={group} className={classes.slices}>
      <h3>By {group}, the worst first</h3>
      <ol>
        {slices.map(({ slice, accuracy, samples }) => (
          <li key={slice} className={classes.slice}>
            <span className={classes.sliceName}>{sliceWords(slice).name}</span>
            <IntervalBar figure={accuracy} />
            <span className={classes.sliceFigure}>
              <Figure figure={accuracy} unit="share" of="tracks" />
              <span className={classes.soft}>{countText(samples)} samples</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  ));
}
