import { IconCamera } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Device, devicesQuery } from "../../api/device.ts";
import { type Column, DataTable } from "../../app/data-table.tsx";
import { FilterField } from "../../app/filter-field.tsx";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Count } from "../../values/amounts.tsx";
import { countText } from "../../values/format-amount.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { type ListSearch, matching, type SortKeys, sorted } from "../list-search.ts";
import { healthRank, shownHealth } from "./device-health.ts";
import classes from "./devices.module.css";
import { ReleaseCell } from "./release-cell.tsx";
import { Temperature } from "./temperature.tsx";

const route = getRouteApi("/devices");

const keys: SortKeys<Device> = {
  device: ({ device }) => device,
  health: healthRank,
  release: ({ release }) => release,
  seen: ({ lastSeen }) => (lastSeen === null ? null : -lastSeen),
  waiting: ({ waiting }) => waiting?.records,
  temperature: ({ temperatureC }) => temperatureC,
  profile: ({ profile }) => profile,
  group: ({ group }) => group,
};

const columns: readonly Column<Device>[] = [
  {
    name: "device",
    title: "Device",
    sortable: true,
    cell: ({ device, simulated }) => (
      <span className={classes.name}>
        <Link to="/devices/$device" params={{ device }}>
          {device}
        </Link>
        {simulated && <span className={classes.simulated}>simulated</span>}
      </span>
    ),
  },
  {
    name: "health",
    title: "Health",
    sortable: true,
    isFlexible: true,
    cell: (device) => <HealthCell device={device} />,
  },
  {
    name: "release",
    title: "Release",
    sortable: true,
    cell: (device) => <ReleaseCell device={device} />,
  },
  { name: "seen", title: "Last seen", sortable: true, cell: ({ lastSeen }) => <Time at={lastSeen} /> },
  {
    name: "waiting",
    title: "In its journal",
    sortable: true,
    isNumber: true,
    cell: ({ waiting }) => <Count count={waiting?.records} />,
  },
  {
    name: "temperature",
    title: "Temperature",
    sortable: true,
    isNumber: true,
    cell: ({ temperatureC }) => <Temperature celsius={temperatureC} />,
  },
  { name: "profile", title: "Profile", sortable: true, isWide: true, cell: ({ profile }) => profile },
  { name: "group", title: "Group", sortable: true, isWide: true, cell: ({ group }) => group ?? "–" },
];

/** Every device: its health with the reason, its release, and what it still holds. */
export function DeviceListPage() {
  usePageTitle("Devices");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const devices = useQuery(devicesQuery);
  const show = (change: ListSearch) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <>
      <PageHeader title="Devices" beside={devices.data && <Tally devices={devices.data} />}>
        <FilterField label="Filter devices" value={search.text ?? ""} onChange={(text) => show({ text })} />
      </PageHeader>
      <QueryView query={devices}>
        {(all) => <DeviceTable all={all} search={search} onSort={(sort) => show({ sort })} />}
      </QueryView>
    </>
  );
}

function DeviceTable(props: {
  all: readonly Device[];
  search: ListSearch;
  onSort: (sort: string | undefined) => void;
}) {
  const { all, search, onSort } = props;
  if (all.length === 0) {
    return (
      <Empty title="No devices yet" icon={IconCamera} command="fieldloop devices add reader-1 --profile x86-64">
        Adding one prints a code; "fieldloop-edge enrol CODE" on the device does the rest, and it appears here.
      </Empty>
    );
  }
  const rows = sorted(matching(all, search.text, wordsOf), search.sort, keys);
  if (rows.length === 0) {
    return (
      <Empty title="No device matches">
        None of {countText(all.length)} devices has “{search.text}” in its name, health, profile, group or release.
      </Empty>
    );
  }
  return (
    <DataTable
      label="Devices"
      rows={rows}
      columns={columns}
      keyOf={({ device }) => device}
      sort={search.sort}
      onSort={onSort}
    />
  );
}

function HealthCell({ device }: { device: Device }) {
  const { tone, word, sentence } = shownHealth(device);
  return (
    <span className={classes.health}>
      <StateBadge tone={tone}>{word}</StateBadge>
      {word !== "healthy" && (
        <span className={classes.sentence} title={sentence}>
          {sentence}
        </span>
      )}
    </span>
  );
}

function Tally({ devices }: { devices: readonly Device[] }) {
  const unwell = devices.filter((device) => ["warn", "bad"].includes(shownHealth(device).tone)).length;
  return (
    <span className={classes.tally}>
      {countText(devices.length)}, {unwell === 0 ? "all well" : `${countText(unwell)} unwell`}
    </span>
  );
}

const wordsOf = (row: Device): string =>
  [row.device, row.profile, row.group, row.release, shownHealth(row).word, row.simulated ? "simulated" : ""].join(" ");
