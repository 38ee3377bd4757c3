import { queryOptions, useQuery } from "@tanstack/react-query";
import type { CurvePoint } from "../../api/device.ts";
import { get } from "../../api/hub.ts";
import { Plot } from "../../charts/plot.tsx";
import { countText, durationText, shortNumber } from "../../values/format-amount.ts";
import { fleetRates } from "./fleet-rates.ts";
import classes from "./loop.module.css";

type FleetPoint = CurvePoint & { readonly errors: number; readonly dropped: number };

const dayMs = 86_400_000;

const fleetQuery = queryOptions({
  queryKey: ["drift", "fleet"],
  queryFn: ({ signal }) => {
    const to = Date.now();
    return get<{ bucketMs: number; points: readonly FleetPoint[] }>("/v1/curves", { from: to - dayMs, to }, signal);
  },
});

/** What all devices answered over the last day, from merged sketches; nothing where that is not known. */
export function FleetCurve() {
  const { data } = useQuery(fleetQuery);
  if (data === undefined) return null;
  const { bucketMs, points } = data;
  const { at, answered, lost, frames } = fleetRates(points, bucketMs);
  if (at.length < 2) return null;
  return (
    <figure className={classes.curve}>
      <figcaption>
        Frames per second, all devices{" "}
        <span className={classes.small}>
          last 24 hours, n = {countText(frames)} frames, by {durationText(bucketMs)}
        </span>
      </figcaption>
      <Plot
        label="Frames per second of all devices: answered, and dropped or failed"
        at={at}
        min={0}
        height={140}
        format={shortNumber}
        lines={[
          { title: "answered", values: answered, color: "--series-1" },
          { title: "dropped or failed", values: lost, color: "--series-2", isDashed: true },
        ]}
      />
    </figure>
  );
}
