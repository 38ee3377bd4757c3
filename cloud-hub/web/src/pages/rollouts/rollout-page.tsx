import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type Rollout, rolloutQuery } from "../../api/rollout.ts";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Duration } from "../../values/amounts.tsx";
import { Digest } from "../../values/digest.tsx";
import { StateBadge } from "../../values/state-badge.tsx";
import { Moment, Time } from "../../values/time.tsx";
import { OrderButtons } from "./order-buttons.tsx";
import { shownRollout, waveInView } from "./rollout-state.ts";
import classes from "./rollouts.module.css";
import { RuleList } from "./rule-list.tsx";
import { WaveTrack } from "./wave-track.tsx";

const route = getRouteApi("/rollouts/$rollout");

/** One rollout: its waves as they open, what each gate rule found, and the ways to hold or end it. */
export function RolloutPage() {
  const { rollout: id } = route.useParams();
  usePageTitle("Rollout");
  const query = useQuery(rolloutQuery(id));
  return (
    <>
      {query.data === undefined && <PageHeader title="Rollout" />}
      <QueryView query={query}>{(rollout) => <RolloutView rollout={rollout} />}</QueryView>
    </>
  );
}

function RolloutView({ rollout }: { rollout: Rollout }) {
  const [chosen, setChosen] = useState<number>();
  const wave = rollout.waves.find(({ number }) => number === chosen) ?? waveInView(rollout.waves);
  const { tone, word } = shownRollout(rollout);
  return (
    <>
      <PageHeader
        title={`Rollout to ${rollout.group}`}
        beside={
          <>
            <StateBadge tone={tone}>{word}</StateBadge>
            <Digest value={rollout.release} />
          </>
        }
      >
        <OrderButtons rollout={rollout} />
      </PageHeader>
      <p className={classes.reason}>{rollout.reason}</p>
      <WaveTrack waves={rollout.waves} chosen={wave?.number} onChoose={setChosen} />
      {wave !== undefined && <RuleList wave={wave} />}
      <div className={classes.foot}>
        <Facts rollout={rollout} />
        <Steps steps={rollout.steps} />
      </div>
    </>
  );
}

function Facts({ rollout }: { rollout: Rollout }) {
  const { by, createdAt, endedAt, soakMs, longestSoakMs, id } = rollout;
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Facts</h2>
      <dl className={classes.facts}>
        <dt>Started</dt>
        <dd>
          <Moment at={createdAt} />
        </dd>
        <dt>By</dt>
        <dd>{by}</dd>
        <dt>Ended</dt>
        <dd>{endedAt === null ? "not yet" : <Moment at={endedAt} />}</dd>
        <dt>Each wave is watched</dt>
        <dd>
          <Duration ms={soakMs} /> to <Duration ms={longestSoakMs} />
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </dl>
    </section>
  );
}

function Steps({ steps }: Pick<Rollout, "steps">) {
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">What happened</h2>
      <ol className={classes.steps}>
        {steps.toReversed().map(({ step, at, sentence, by }) => (
          <li key={step}>
            <Time at={at} />
            <span>
              {sentence}
              {by !== null && <span className={classes.soft}> By {by}.</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
