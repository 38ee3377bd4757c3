import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { countText } from "../../values/format-amount.ts";
import { shortDigest } from "../../values/short-digest.ts";
import { Time } from "../../values/time.tsx";
import type { Lineage } from "./model-requests.ts";
import classes from "./models.module.css";
import { VersionLink } from "./version-link.tsx";

/** From samples to devices in the order in which it happened; every station leads on, so one can walk it both ways. */
export function LineageView({ lineage }: { lineage: Lineage }) {
  const { samples, snapshot, run, bases, version, releases, devices } = lineage;
  return (
    <ol className={classes.lineage}>
      <Station title="Samples">
        {snapshot === null ? (
          countText(samples.total)
        ) : (
          <Link to="/samples" search={{ snapshot: snapshot.id }}>
            {countText(samples.total)} samples
          </Link>
        )}
        {samples.deleted > 0 && (
          <span className={classes.soft}>{countText(samples.deleted)} of them deleted since</span>
        )}
        <ul>
          {samples.parts.map((part) => (
            <li key={JSON.stringify(part)} className={classes.soft}>
              {countText(part.samples)} {part.role}
              {part.split !== null && `, ${part.split === "train" ? "training" : "validation"}`}
              {part.machine && ", labelled by a machine"}, {countText(part.tracks)} tracks
            </li>
          ))}
        </ul>
      </Station>
      <Station title="Snapshot">
        {snapshot === null ? <span className={classes.soft}>not kept</span> : <strong>{snapshot.name}</strong>}
        {snapshot !== null && <By at={snapshot.createdAt} by={snapshot.createdBy} />}
      </Station>
      <Station title="Run">
        {run === null ? (
          <span className={classes.soft}>not kept</span>
        ) : (
          <>
            <Link to="/runs/$run" params={{ run: run.id }}>
              {run.id.slice(0, 12)}
            </Link>
            <By at={run.createdAt} by={run.createdBy} />
          </>
        )}
        {bases.length > 0 && (
          <span className={classes.soft}>
            began with{" "}
            {bases.map(({ id }, index) => (
              <span key={id}>
                {index > 0 && ", which began with "}
                <VersionLink id={id} />
              </span>
            ))}
          </span>
        )}
      </Station>
      <Station title="Version">
        <VersionLink id={version.id} model={version.model} />
        <Time at={version.createdAt} />
      </Station>
      <Station title="Releases">
        {releases.length === 0 && <span className={classes.soft}>none yet</span>}
        <ul>
          {releases.map(({ digest, createdAt, createdBy }) => (
            <li key={digest} className={classes.step}>
              <Link to="/models/releases/$digest" params={{ digest }} className={classes.version}>
                {shortDigest(digest)}
              </Link>
              <By at={createdAt} by={createdBy} />
            </li>
          ))}
        </ul>
      </Station>
      <Station title="Devices that run it">
        {devices.length === 0 && <span className={classes.soft}>none says so</span>}
        <ul className={classes.devices}>
          {devices.slice(0, 24).map(({ device }) => (
            <li key={device}>
              <Link to="/devices/$device" params={{ device }}>
                {device}
              </Link>
            </li>
          ))}
          {devices.length > 24 && <li className={classes.soft}>and {countText(devices.length - 24)} more</li>}
        </ul>
      </Station>
    </ol>
  );
}

function Station({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li className={classes.station}>
      <h3>{title}</h3>
      {children}
    </li>
  );
}

function By({ at, by }: { at: number; by: string | null }) {
  return (
    <span className={classes.soft}>
      <Time at={at} />
      {by !== null && ` by ${by}`}
    </span>
  );
}
