import { Button } from "@mantine/core";
import { IconBox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ListedRelease, releasesQuery } from "../../api/release.ts";
import { type Column, DataTable } from "../../app/data-table.tsx";
import { FilterField } from "../../app/filter-field.tsx";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Count } from "../../values/amounts.tsx";
import { Figure } from "../../values/figure.tsx";
import { shortDigest } from "../../values/short-digest.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { type ListSearch, matching, type SortKeys, sorted } from "../list-search.ts";
import { type Version, versionsQuery } from "./model-requests.ts";
import classes from "./models.module.css";
import { VersionLink } from "./version-link.tsx";

const route = getRouteApi("/models");

const versionKeys: SortKeys<Version> = {
  version: ({ id }) => id,
  model: ({ model }) => model,
  validation: (version) => firstFigure(version)?.[1].value,
  created: ({ createdAt }) => -createdAt,
};

const versionColumns: readonly Column<Version>[] = [
  { name: "version", title: "Version", sortable: true, cell: ({ id }) => <VersionLink id={id} /> },
  { name: "model", title: "Model", sortable: true, cell: ({ model }) => model },
  {
    name: "validation",
    title: "Right on old validation tracks",
    sortable: true,
    cell: (version) => <Validation version={version} />,
  },
  {
    name: "variants",
    title: "Compiled for",
    isWide: true,
    cell: ({ variants }) => variants.map(({ target }) => target).join(", ") || "nothing yet",
  },
  {
    name: "run",
    title: "Run",
    isWide: true,
    cell: ({ run }) => (
      <Link to="/runs/$run" params={{ run }}>
        {run.slice(0, 12)}
      </Link>
    ),
  },
  { name: "created", title: "Made", sortable: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
];

const releaseColumns: readonly Column<ListedRelease>[] = [
  {
    name: "release",
    title: "Release",
    cell: ({ digest, accepted }) => (
      <span className={classes.release}>
        <Link to="/models/releases/$digest" params={{ digest }} className={classes.version}>
          {shortDigest(digest)}
        </Link>
        {accepted !== null && <StateBadge tone="warn">accepted by {accepted.by ?? "a person"}</StateBadge>}
      </span>
    ),
  },
  { name: "version", title: "Version", cell: ({ version, model }) => <VersionLink id={version} model={model} /> },
  { name: "profiles", title: "Profiles", isWide: true, cell: ({ profiles }) => Object.keys(profiles).join(", ") },
  {
    name: "devices",
    title: "Devices that shall run it",
    isNumber: true,
    cell: ({ devices }) => <Count count={devices} />,
  },
  { name: "by", title: "By", isWide: true, cell: ({ createdBy }) => createdBy ?? "–" },
  { name: "created", title: "Made", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

/** Every version with its figures, and every release. */
export function ModelListPage() {
  usePageTitle("Models");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const versions = useQuery(versionsQuery);
  const releases = useQuery(releasesQuery);
  const show = (change: ListSearch) => void navigate({ search: { ...search, ...change }, replace: true });
  const [newest, before] = versions.data ?? [];
  return (
    <>
      <PageHeader title="Models">
        <FilterField label="Filter versions" value={search.text ?? ""} onChange={(text) => show({ text })} />
        {newest !== undefined && before !== undefined && (
          <Button variant="default" component={Link} to="/models/compare">
            Compare two
          </Button>
        )}
      </PageHeader>
      <QueryView query={versions}>
        {(all) => <VersionTable all={all} search={search} onSort={(sort) => show({ sort })} />}
      </QueryView>
      <section className={classes.section}>
        <h2>Releases</h2>
        <QueryView query={releases}>
          {(all) =>
            all.length === 0 ? (
              <p className={classes.soft}>
                No release yet; "fieldloop release VERSION" makes one of a compiled version.
              </p>
            ) : (
              <DataTable label="Releases" rows={all} columns={releaseColumns} keyOf={({ digest }) => digest} />
            )
          }
        </QueryView>
      </section>
    </>
  );
}

function VersionTable(props: {
  all: readonly Version[];
  search: ListSearch;
  onSort: (sort: string | undefined) => void;
}) {
  const { all, search, onSort } = props;
  if (all.length === 0) {
    return (
      <Empty title="No versions yet" icon={IconBox} command="fieldloop train --help">
        A version is what a training left behind; the first one appears here when its run is done.
      </Empty>
    );
  }
  const rows = sorted(matching(all, search.text, wordsOf), search.sort, versionKeys);
  if (rows.length === 0)
    return <Empty title="No version matches">None has “{search.text}” in its name, model or run.</Empty>;
  return (
    <DataTable
      label="Versions"
      rows={rows}
      columns={versionColumns}
      keyOf={({ id }) => id}
      sort={search.sort}
      onSort={onSort}
    />
  );
}

function Validation({ version }: { version: Version }) {
  const found = firstFigure(version);
  if (found === undefined) return <span className={classes.soft}>not judged</span>;
  const [head, figure] = found;
  return (
    <span className={classes.validation}>
      <span className={classes.soft}>{head}</span>
      <Figure figure={figure} unit="share" of="tracks" />
    </span>
  );
}

const firstFigure = ({ metrics }: Version) => Object.entries(metrics.validation ?? {})[0];
const wordsOf = ({ id, model, run, variants }: Version): string =>
  [id, model, run, ...variants.map(({ target }) => target)].join(" ");
