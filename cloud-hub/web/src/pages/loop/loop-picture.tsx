import {
  IconActivity,
  IconAlertTriangle,
  IconCamera,
  type IconProps,
  IconRocket,
  IconSchool,
  IconStack2,
  IconTag,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ComponentType, useEffect, useRef, useState } from "react";
import classes from "./loop.module.css";
import type { NextStep } from "./next-step.ts";
import { picture, stationPoint, wayMiddle, wayPath } from "./ring.ts";
import type { Station } from "./stations.ts";

const icons: Record<Station["name"], ComponentType<IconProps>> = {
  devices: IconCamera,
  samples: IconStack2,
  drift: IconActivity,
  labels: IconTag,
  runs: IconSchool,
  releases: IconRocket,
};

const carried = ["samples", "sketches", "what counts", "answers", "a version", "signed, in waves"] as const;

/** The ring of stations. A dot runs towards a station whose figure changed. */
export function LoopPicture({ stations, next }: { stations: readonly Station[]; next: NextStep }) {
  return (
    <section className={classes.picture} aria-label="The loop">
      <svg className={classes.ring} viewBox={`0 0 ${picture.width} ${picture.height}`} aria-hidden="true">
        {stations.map(({ name, side, figure }, index) => (
          <g key={name} className={side === "field" || name === "releases" ? classes.field : classes.hub}>
            <path d={wayPath(index)} className={classes.way} />
            <Arrow index={index} />
            <Runner path={wayPath(index)} turn={stations[(index + 1) % stations.length]?.figure ?? figure} />
          </g>
        ))}
      </svg>
      <div className={classes.centre}>
        <strong>{next.title}</strong>
        <span>{next.sentence}</span>
        <Link to={next.to}>{next.link}</Link>
      </div>
      <ol className={classes.stations}>
        {stations.map((station, index) => (
          <li
            key={station.name}
            className={classes.place}
            style={{
              left: `${(stationPoint(index).x / picture.width) * 100}%`,
              top: `${(stationPoint(index).y / picture.height) * 100}%`,
            }}
          >
            <StationCard station={station} />
            <span className={classes.carried}>{carried[index]}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function StationCard({ station }: { station: Station }) {
  const { name, title, to, side, figure, unit, beside, isAlert } = station;
  const Icon = icons[name];
  return (
    <Link to={to} className={`${classes.station} ${side === "field" ? classes.field : classes.hub}`}>
      <span className={classes.name}>
        <Icon size={18} stroke={1.8} aria-hidden />
        {title}
        {isAlert && (
          <span className={classes.alert}>
            <IconAlertTriangle size={16} aria-hidden />
            <span className="visually-hidden">wants attention</span>
          </span>
        )}
      </span>
      <span className={classes.figure}>
        <strong key={figure} className={classes.number}>
          {figure}
        </strong>
        <span>{unit}</span>
      </span>
      <span className={classes.small}>{beside}</span>
    </Link>
  );
}

function Arrow({ index }: { index: number }) {
  const { x, y, angle } = wayMiddle(index);
  return <path d="M-6 -6L5 0L-6 6Z" transform={`translate(${x} ${y}) rotate(${angle})`} className={classes.tip} />;
}

/** A dot along a way, once each time `turn` changes after the first showing. */
function Runner({ path, turn }: { path: string; turn: string }) {
  const before = useRef(turn);
  const [runs, setRuns] = useState(0);
  useEffect(() => {
    if (before.current === turn) return;
    before.current = turn;
    setRuns((count) => count + 1);
  }, [turn]);
  if (runs === 0) return null;
  return <circle key={runs} r="6" className={classes.runner} style={{ offsetPath: `path("${path}")` }} />;
}
