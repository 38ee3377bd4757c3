import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Digest } from "../../values/digest.tsx";
import { Figure } from "../../values/figure.tsx";
import { momentText } from "../../values/format-time.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { EvaluateButton } from "./evaluate-button.tsx";
import { EvaluationView } from "./evaluation-view.tsx";
import { FitCards } from "./fit-cards.tsx";
import { LineageView } from "./lineage-view.tsx";
import {
  evaluationQuery,
  evaluationsQuery,
  type ListedEvaluation,
  type Version,
  versionLineageQuery,
  versionsQuery,
} from "./model-requests.ts";
import classes from "./models.module.css";
import { queryWords } from "./query-words.ts";

const route = getRouteApi("/models/$version");

/** One version: how right it is, what it confuses, what was measured of its variants, where it came from and went. */
export function VersionPage() {
  const { version: id } = route.useParams();
  usePageTitle(`Version ${shortDigest(id)}`);
  const versions = useQuery(versionsQuery);
  return (
    <QueryView query={versions}>
      {(all) => {
        const version = all.find((each) => each.id === id);
        if (version === undefined) {
          return (
            <Empty title="No such version">
              The hub has no version called {shortDigest(id)}. <Link to="/models">See all versions</Link>.
            </Empty>
          );
        }
        return <OneVersion version={version} />;
      }}
    </QueryView>
  );
}

function OneVersion({ version }: { version: Version }) {
  const navigate = route.useNavigate();
  const lineage = useQuery(versionLineageQuery(version.id));
  return (
    <>
      <PageHeader title={version.model} beside={<Digest value={version.id} />}>
        {version.base !== null && (
          <Button variant="default" component={Link} to={`/models/compare?before=${version.base}&after=${version.id}`}>
            Compare with its base
          </Button>
        )}
        <EvaluateButton
          versions={[version.id]}
          onDone={(evaluation) =>
            void navigate({ search: (before) => ({ ...before, evaluation }), resetScroll: false })
          }
        />
      </PageHeader>
      <section className={classes.section}>
        <h2>On old validation tracks, when it was made</h2>
        <Validation version={version} />
      </section>
      <Evaluations version={version} />
      <section className={classes.section}>
        <h2>Fit cards</h2>
        <FitCards version={version} />
      </section>
      <section className={classes.section}>
        <h2>Lineage</h2>
        <QueryView query={lineage}>{(data) => <LineageView lineage={data} />}</QueryView>
      </section>
    </>
  );
}

function Validation({ version }: { version: Version }) {
  const figures = Object.entries(version.metrics.validation ?? {});
  if (figures.length === 0) return <p className={classes.soft}>Its snapshot held no validation tracks with labels.</p>;
  return (
    <dl className={classes.figures}>
      {figures.map(([head, figure]) => (
        <div key={head}>
          <dt>{head}</dt>
          <dd>
            <Figure figure={figure} unit="share" of="tracks" />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Evaluations({ version }: { version: Version }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(evaluationsQuery(version.id));
  const chosen = list.data?.find(({ id }) => id === search.evaluation) ?? list.data?.[0];
  const evaluation = useQuery({ ...evaluationQuery(chosen?.id ?? ""), enabled: chosen !== undefined });
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...change }, replace: true, resetScroll: false });
  return (
    <section className={classes.section}>
      <div className={classes.heading}>
        <h2>Evaluation</h2>
        {(list.data?.length ?? 0) > 1 && (
          <NativeSelect
            aria-label="Which evaluation"
            value={chosen?.id}
            data={list.data?.map((each) => ({ value: each.id, label: titleOf(each) }))}
            onChange={(event) => set({ evaluation: event.currentTarget.value })}
          />
        )}
      </div>
      <QueryView query={list}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.soft}>Not evaluated on labelled samples yet; "Evaluate" above does it.</p>
          ) : (
            <QueryView query={evaluation}>
              {(data) => (
                <EvaluationView
                  evaluation={data}
                  version={version.id}
                  head={search.head}
                  onHead={(head) => set({ head })}
                />
              )}
            </QueryView>
          )
        }
      </QueryView>
    </section>
  );
}

const titleOf = ({ at, query }: ListedEvaluation): string => `${momentText(at)}: ${queryWords(query, momentText)}`;
