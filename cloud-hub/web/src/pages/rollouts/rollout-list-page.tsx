import { IconRocket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Rollout, rolloutsQuery } from "../../api/rollout.ts";
import { type Column, DataTable } from "../../app/data-table.tsx";
import { FilterField } from "../../app/filter-field.tsx";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { useShortcuts } from "../../keyboard/use-shortcuts.ts";
import { AllowedButton } from "../../session/allowed-button.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { countText } from "../../values/format-amount.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { type ListSearch, matching, type SortKeys, sorted } from "../list-search.ts";
import { progressOf, shownRollout } from "./rollout-state.ts";
import classes from "./rollouts.module.css";
import { StartDialog } from "./start-dialog.tsx";

const route = getRouteApi("/rollouts");

const keys: SortKeys<Rollout> = {
  release: ({ release }) => release,
  state: (rollout) => shownRollout(rollout).word,
  group: ({ group }) => group,
  started: ({ createdAt }) => -createdAt,
  by: ({ by }) => by,
};

const columns: readonly Column<Rollout>[] = [
  {
    name: "release",
    title: "Release",
    sortable: true,
    cell: ({ id, release, group }) => (
      <Link to="/rollouts/$rollout" params={{ rollout: id }} className={classes.open}>
        <code>{shortDigest(release)}</code> to {group}
      </Link>
    ),
  },
  {
    name: "state",
    title: "State",
    sortable: true,
    cell: (rollout) => {
      const { tone, word } = shownRollout(rollout);
      return <StateBadge tone={tone}>{word}</StateBadge>;
    },
  },
  { name: "waves", title: "Waves", cell: ({ waves }) => <WaveDots waves={waves} /> },
  {
    name: "devices",
    title: "Run it",
    isNumber: true,
    cell: (rollout) => {
      const { running, all } = progressOf(rollout);
      return `${countText(running)} of ${countText(all)}`;
    },
  },
  { name: "started", title: "Started", sortable: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
  { name: "by", title: "By", sortable: true, isWide: true, cell: ({ by }) => by },
];

/** Every rollout, and the start of a new one. */
export function RolloutListPage() {
  usePageTitle("Rollouts");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const rollouts = useQuery(rolloutsQuery);
  const [isStarting, setStarting] = useState(false);
  useShortcuts([{ keys: "n", title: "Start a rollout", group: "This page", run: () => setStarting(true) }]);
  const show = (change: ListSearch) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <>
      <PageHeader title="Rollouts">
        <FilterField label="Filter rollouts" value={search.text ?? ""} onChange={(text) => show({ text })} />
        <AllowedButton
          needs="operator"
          leftSection={<IconRocket size={16} aria-hidden />}
          onClick={() => setStarting(true)}
        >
          Start a rollout
        </AllowedButton>
      </PageHeader>
      <QueryView query={rollouts}>
        {(all) => <RolloutTable all={all} search={search} onSort={(sort) => show({ sort })} />}
      </QueryView>
      <StartDialog isOpen={isStarting} onClose={() => setStarting(false)} />
    </>
  );
}

function RolloutTable(props: {
  all: readonly Rollout[];
  search: ListSearch;
  onSort: (sort: string | undefined) => void;
}) {
  const { all, search, onSort } = props;
  if (all.length === 0) {
    return (
      <Empty title="No rollouts yet" icon={IconRocket} command="fieldloop rollout start --release DIGEST --group all">
        A rollout takes a release to a group in waves. The next wave opens only when the one before is healthy.
      </Empty>
    );
  }
  const rows = sorted(matching(all, search.text, wordsOf), search.sort, keys);
  if (rows.length === 0) {
    return (
      <Empty title="No rollout matches">
        None of {countText(all.length)} rollouts has “{search.text}” in its release, group, state or person.
      </Empty>
    );
  }
  return (
    <DataTable
      label="Rollouts"
      rows={rows}
      columns={columns}
      keyOf={({ id }) => id}
      sort={search.sort}
      onSort={onSort}
    />
  );
}

function WaveDots({ waves }: Pick<Rollout, "waves">) {
  const words = waves.map(({ number, state }) => `wave ${number} ${state}`).join(", ");
  return (
    <span className={classes.dots} role="img" aria-label={words} title={words}>
      {waves.map(({ number, state }) => (
        <span key={number} data-state={state} />
      ))}
    </span>
  );
}

const wordsOf = (row: Rollout): string => [row.release, row.group, shownRollout(row).word, row.by].join(" ");
