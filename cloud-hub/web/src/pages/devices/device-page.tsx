import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Device, deviceQuery } from "../../api/device.ts";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Bytes, Count } from "../../values/amounts.tsx";
import { Digest } from "../../values/digest.tsx";
import { durationText } from "../../values/format-amount.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { shownHealth } from "./device-health.ts";
import { DeviceHistory } from "./device-history.tsx";
import classes from "./device-page.module.css";
import { LatestAnswers } from "./latest-answers.tsx";
import { Temperature } from "./temperature.tsx";
import { VariantCard } from "./variant-card.tsx";

const route = getRouteApi("/devices/$device");

/** One device: how it is and why, what happened to it, what it said and kept last, and what it runs. */
export function DevicePage() {
  const { device } = route.useParams();
  usePageTitle(device);
  const query = useQuery(deviceQuery(device));
  return (
    <>
      {query.data === undefined && <PageHeader title={device} />}
      <QueryView query={query}>{(found) => <DeviceView device={found} />}</QueryView>
    </>
  );
}

function DeviceView({ device }: { device: Device }) {
  const { tone, word, sentence } = shownHealth(device);
  return (
    <>
      <PageHeader
        title={device.device}
        beside={
          <>
            <StateBadge tone={tone}>{word}</StateBadge>
            {device.simulated && <span className={classes.simulated}>simulated {device.profile}</span>}
          </>
        }
      >
        <Link to="/devices">All devices</Link>
      </PageHeader>
      <p className={classes.sentence}>{sentence}</p>
      {device.notes.map((note) => (
        <p key={note.sentence} className={classes.note}>
          <IconAlertTriangle size={16} aria-hidden /> {note.sentence}
        </p>
      ))}
      <FactStrip device={device} />
      <DeviceHistory device={device} />
      <div className={classes.columns}>
        <LatestAnswers device={device.device} />
        <VariantCard device={device} />
      </div>
    </>
  );
}

function FactStrip({ device }: { device: Device }) {
  const { release, desired, lastSeen, waiting, temperatureC, clockOffsetMs, profile, group, connected } = device;
  const isMoving = desired !== null && desired.release !== release;
  return (
    <dl className={classes.facts}>
      <div>
        <dt>Runs</dt>
        <dd>
          <Digest value={release} />
        </dd>
      </div>
      {isMoving && (
        <div>
          <dt>Shall run</dt>
          <dd>
            <Digest value={desired.release} />
          </dd>
        </div>
      )}
      <div>
        <dt>{connected ? "Connected, last seen" : "Last seen"}</dt>
        <dd>
          <Time at={lastSeen} />
        </dd>
      </div>
      <div>
        <dt>In its journal</dt>
        <dd>
          {waiting === null ? (
            "not reported"
          ) : (
            <>
              <Count count={waiting.records} /> records, <Bytes bytes={waiting.bytes} />
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Temperature</dt>
        <dd>
          <Temperature celsius={temperatureC} />
        </dd>
      </div>
      <div>
        <dt>Profile, group</dt>
        <dd>
          {profile}, {group ?? "no group"}
        </dd>
      </div>
      {clockOffsetMs !== 0 && (
        <div>
          <dt>Its clock</dt>
          <dd>
            {durationText(Math.abs(clockOffsetMs))} {clockOffsetMs > 0 ? "behind" : "ahead"}
          </dd>
        </div>
      )}
    </dl>
  );
}
