import { IconSchool } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Column, DataTable } from "../../app/data-table.tsx";
import { FilterField } from "../../app/filter-field.tsx";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Duration } from "../../values/amounts.tsx";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { type ListSearch, matching, type SortKeys, sorted } from "../list-search.ts";
import { VersionLink } from "../models/version-link.tsx";
import { Progress } from "./progress.tsx";
import { type Run, runsQuery } from "./run-requests.ts";
import { runTones, tookMs } from "./run-words.ts";

const route = getRouteApi("/runs");

const keys: SortKeys<Run> = {
  run: ({ id }) => id,
  model: ({ model }) => model,
  state: ({ state }) => state,
  took: (run) => tookMs(run, Date.now()),
  created: ({ createdAt }) => -createdAt,
};

const columns: readonly Column<Run>[] = [
  {
    name: "run",
    title: "Run",
    sortable: true,
    cell: ({ id }) => (
      <Link to="/runs/$run" params={{ run: id }}>
        {id.slice(0, 12)}
      </Link>
    ),
  },
  { name: "model", title: "Model", sortable: true, cell: ({ model }) => model },
  {
    name: "state",
    title: "State",
    sortable: true,
    cell: ({ state, progress }) =>
      state === "running" ? <Progress share={progress} /> : <StateBadge tone={runTones[state]}>{state}</StateBadge>,
  },
  { name: "version", title: "Version", cell: ({ version }) => (version === null ? "–" : <VersionLink id={version} />) },
  {
    name: "took",
    title: "Took",
    sortable: true,
    isNumber: true,
    cell: (run) => <Duration ms={tookMs(run, Date.now())} />,
  },
  { name: "by", title: "Asked for by", isWide: true, cell: ({ createdBy }) => createdBy ?? "–" },
  { name: "created", title: "Asked for", sortable: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
];

/** Every training, with how far it is and what came of it. */
export function RunListPage() {
  usePageTitle("Runs");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useQuery(runsQuery);
  const show = (change: ListSearch) => void navigate({ search: { ...search, ...change }, replace: true });
  return (
    <>
      <PageHeader title="Runs">
        <FilterField label="Filter runs" value={search.text ?? ""} onChange={(text) => show({ text })} />
      </PageHeader>
      <QueryView query={runs}>
        {(all) => <RunTable all={all} search={search} onSort={(sort) => show({ sort })} />}
      </QueryView>
    </>
  );
}

function RunTable(props: { all: readonly Run[]; search: ListSearch; onSort: (sort: string | undefined) => void }) {
  const { all, search, onSort } = props;
  if (all.length === 0) {
    return (
      <Empty title="No runs yet" icon={IconSchool} command="fieldloop train --help">
        A run trains a model on a frozen snapshot of samples; its losses are drawn here while it goes.
      </Empty>
    );
  }
  const rows = sorted(matching(all, search.text, wordsOf), search.sort, keys);
  if (rows.length === 0)
    return <Empty title="No run matches">None has “{search.text}” in its name, model or state.</Empty>;
  return (
    <DataTable label="Runs" rows={rows} columns={columns} keyOf={({ id }) => id} sort={search.sort} onSort={onSort} />
  );
}

const wordsOf = ({ id, model, state, createdBy, version }: Run): string =>
  [id, model, state, createdBy, version].join(" ");
