import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Figure } from "../../values/figure.tsx";
import { countText } from "../../values/format-amount.ts";
import { momentText } from "../../values/format-time.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { StateBadge, type Tone } from "../../values/state-badge.tsx";
import { EvaluateButton } from "./evaluate-button.tsx";
import { IntervalBar } from "./interval-bar.tsx";
import {
  evaluationQuery,
  evaluationsQuery,
  type ListedEvaluation,
  type Version,
  versionsQuery,
} from "./model-requests.ts";
import classes from "./models.module.css";
import { queryWords, sliceWords } from "./query-words.ts";
import { compareVersions, type Finding, type HeadComparison } from "./version-comparison.ts";
import { VersionLink } from "./version-link.tsx";

const route = getRouteApi("/models/compare");

/** Two versions on the same samples: each one's figures, and their paired difference. */
export function ComparePage() {
  usePageTitle("Compare versions");
  const versions = useQuery(versionsQuery);
  return (
    <QueryView query={versions}>
      {(all) =>
        all.length < 2 ? (
          <Empty title="Nothing to compare yet">The hub has fewer than two versions; train another one.</Empty>
        ) : (
          <Comparison versions={all} />
        )
      }
    </QueryView>
  );
}

function Comparison({ versions }: { versions: readonly Version[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const after = search.after ?? versions[0]?.id ?? "";
  const before = search.before ?? versions.find(({ id }) => id !== after)?.id ?? "";
  const list = useQuery(evaluationsQuery(after));
  const both = (list.data ?? []).filter((each) => each.versions[0] === before && each.versions.at(-1) === after);
  const chosen = both.find(({ id }) => id === search.evaluation) ?? both[0];
  const evaluation = useQuery({ ...evaluationQuery(chosen?.id ?? ""), enabled: chosen !== undefined });
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: { before, after, ...change }, replace: true });
  const data = versions.map(({ id, model, createdAt }) => ({
    value: id,
    label: `${model} ${shortDigest(id)}, ${momentText(createdAt)}`,
  }));
  return (
    <>
      <PageHeader title="Two versions side by side">
        <EvaluateButton versions={[before, after]} onDone={(id) => set({ evaluation: id })} />
      </PageHeader>
      <div className={classes.pair}>
        <NativeSelect
          label="Before"
          value={before}
          data={data}
          onChange={(event) => set({ before: event.currentTarget.value })}
        />
        <NativeSelect
          label="After"
          value={after}
          data={data}
          onChange={(event) => set({ after: event.currentTarget.value })}
        />
        {both.length > 1 && (
          <NativeSelect
            label="By"
            value={chosen?.id}
            data={both.map((each) => ({ value: each.id, label: titleOf(each) }))}
            onChange={(event) => set({ evaluation: event.currentTarget.value })}
          />
        )}
      </div>
      <QueryView query={list}>
        {() =>
          chosen === undefined ? (
            <Empty title="Not compared yet">
              {before === after
                ? "Choose two different versions."
                : "No evaluation has judged these two on the same samples; “Evaluate” does it."}
            </Empty>
          ) : (
            <QueryView query={evaluation}>
              {(judged) => (
                <>
                  <p className={classes.soft}>
                    Both on {countText(judged.samples)} {queryWords(judged.query, momentText)}.
                  </p>
                  {compareVersions(judged).map((comparison) => (
                    <Head key={comparison.head} comparison={comparison} before={before} after={after} />
                  ))}
                </>
              )}
            </QueryView>
          )
        }
      </QueryView>
    </>
  );
}

const tones: Readonly<Record<Finding, Tone>> = { better: "good", worse: "bad", unclear: "idle" };
const words: Readonly<Record<Finding, string>> = {
  better: "better: the whole interval lies above 0",
  worse: "worse: the whole interval lies below 0",
  unclear: "not clear: the interval holds 0",
};

function Head(props: { comparison: HeadComparison; before: string; after: string }) {
  const { comparison, before, after } = props;
  const { head, difference, finding, slices, samples } = comparison;
  return (
    <section className={classes.section}>
      <div className={classes.heading}>
        <h2>{head}</h2>
        <StateBadge tone={tones[finding]}>{words[finding]}</StateBadge>
      </div>
      <dl className={classes.figures}>
        <div>
          <dt>
            Before <VersionLink id={before} />
          </dt>
          <dd>
            <Figure figure={comparison.before} unit="share" of="tracks" />
          </dd>
        </div>
        <div>
          <dt>
            After <VersionLink id={after} />
          </dt>
          <dd>
            <Figure figure={comparison.after} unit="share" of="tracks" />
          </dd>
        </div>
        <div>
          <dt>Difference, paired on {countText(samples)} samples</dt>
          <dd>{difference === null ? "not measured" : <Figure figure={difference} unit="points" of="tracks" />}</dd>
        </div>
      </dl>
      {slices.length > 0 && (
        <>
          <h3>By slice, the largest change first; each version by its own interval, not paired</h3>
          <ol>
            {slices.map(({ slice, before: was, after: is, samples: count, finding: found }) => (
              <li key={slice} className={classes.slice}>
                <span className={classes.sliceName}>
                  <span className={classes.soft}>{sliceWords(slice).group}</span> {sliceWords(slice).name}
                </span>
                <span className={classes.bars}>
                  <IntervalBar figure={was} />
                  <IntervalBar figure={is} isSecond />
                </span>
                <span className={classes.sliceFigure}>
                  <Figure figure={was} unit="share" />
                  <Figure figure={is} unit="share" of={`tracks, ${countText(count)} samples`} />
                  {found !== "unclear" && <StateBadge tone={tones[found]}>{found}</StateBadge>}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

const titleOf = ({ at, query }: ListedEvaluation): string => `${momentText(at)}: ${queryWords(query, momentText)}`;
