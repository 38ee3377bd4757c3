import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { AllowedButton } from "../../session/allowed-button.tsx";
import { Empty } from "../../states/empty.tsx";
import { Failing } from "../../states/failing.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Fact, Facts } from "../../values/facts.tsx";
import { countText, durationText, shortNumber } from "../../values/format-amount.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { useNow } from "../../values/use-now.ts";
import { VersionLink } from "../models/version-link.tsx";
import { lossesOf } from "./curve.ts";
import { LossChart } from "./loss-chart.tsx";
import { Progress } from "./progress.tsx";
import { cancelRun, curvesQuery, type Run, runsQuery, type Series, snapshotQuery } from "./run-requests.ts";
import { recipeLines, runTones, tookMs } from "./run-words.ts";
import classes from "./runs.module.css";

const route = getRouteApi("/runs/$run");

/** One training: its losses as they come, what it learns from, and what came of it. */
export function RunPage() {
  const { run: id } = route.useParams();
  usePageTitle(`Run ${id}`);
  const runs = useQuery(runsQuery);
  return (
    <QueryView query={runs}>
      {(all) => {
        const run = all.find((each) => each.id === id);
        if (run === undefined) {
          return (
            <Empty title="No such run">
              The hub has no run called {id}. <Link to="/runs">See all runs</Link>.
            </Empty>
          );
        }
        return <OneRun run={run} />;
      }}
    </QueryView>
  );
}

function OneRun({ run }: { run: Run }) {
  const curves = useQuery(curvesQuery(run.id));
  const cancel = useMutation({ mutationFn: () => cancelRun(run.job ?? "") });
  const isOpen = run.state === "waiting" || run.state === "running";
  return (
    <>
      <PageHeader title={`Run ${run.id}`} beside={<StateBadge tone={runTones[run.state]}>{run.state}</StateBadge>}>
        {run.state === "running" && <Progress share={run.progress} />}
        {isOpen && run.job !== null && (
          <AllowedButton needs="operator" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Stop this run
          </AllowedButton>
        )}
      </PageHeader>
      {cancel.isError && <Failing error={cancel.error} />}
      {run.error !== null && (
        <p role="alert" className={classes.error}>
          {run.error}
        </p>
      )}
      <div className={classes.layout}>
        <section className={classes.card}>
          <h2>Loss</h2>
          <QueryView query={curves}>{({ series }) => <Losses series={series} isOpen={isOpen} />}</QueryView>
        </section>
        <div className={classes.side}>
          <WhatItIs run={run} />
          <Recipe run={run} />
        </div>
      </div>
    </>
  );
}

function Losses({ series, isOpen }: { series: readonly Series[]; isOpen: boolean }) {
  const losses = lossesOf(series);
  if (losses.length === 0) {
    return (
      <Empty title="Nothing reported yet">
        {isOpen
          ? "The curve begins with the first report of the trainer."
          : "This run ended before it reported a loss."}
      </Empty>
    );
  }
  return (
    <>
      <LossChart series={losses} />
      <dl className={classes.last}>
        {losses.map(({ name, steps, values }) => (
          <div key={name}>
            <dt>
              {name}, step {countText(steps.at(-1) ?? 0)}
            </dt>
            <dd>{shortNumber(values.at(-1) ?? Number.NaN)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function WhatItIs({ run }: { run: Run }) {
  const snapshot = useQuery(snapshotQuery(run.snapshot)).data;
  const now = useNow(run.finishedAt === null ? 1000 : undefined);
  const took = tookMs(run, now);
  return (
    <section className={classes.card}>
      <h2>What it is</h2>
      <Facts>
        <Fact name="Model">{run.model}</Fact>
        <Fact name="Version">{run.version === null ? "none yet" : <VersionLink id={run.version} />}</Fact>
        <Fact name="Began with">{run.base === null ? "nothing, from scratch" : <VersionLink id={run.base} />}</Fact>
        <Fact name="Learns from">
          <Link to="/samples" search={{ snapshot: run.snapshot }}>
            {snapshot?.name ?? run.snapshot}
          </Link>
          {snapshot !== undefined && <span className={classes.soft}> {countWords(snapshot.counts)}</span>}
        </Fact>
        <Fact name="Asked for">
          <Time at={run.createdAt} /> {run.createdBy !== null && `by ${run.createdBy}`}
        </Fact>
        <Fact name="Took">{took === undefined ? "not begun" : durationText(took)}</Fact>
        <Fact name="Seed">{run.seed}</Fact>
      </Facts>
    </section>
  );
}

function Recipe({ run }: { run: Run }) {
  return (
    <section className={classes.card}>
      <h2>Recipe</h2>
      <Facts>
        {recipeLines(run.recipe).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
    </section>
  );
}

const countWords = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${countText(count)} ${name}`)
    .join(", ");
