import { SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type CurvePoint, curvesQuery, type Device, type Timeline, timelineQuery } from "../../api/device.ts";
import { Plot } from "../../charts/plot.tsx";
import { Empty } from "../../states/empty.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { countText, durationText, shortNumber } from "../../values/format-amount.ts";
import classes from "./device-page.module.css";
import { spanNamed, spans } from "./device-search.ts";
import { EntryList } from "./entry-list.tsx";
import { EntryTrack } from "./entry-track.tsx";
import { byReason, confidences, frameRates, latencies } from "./series.ts";

const route = getRouteApi("/devices/$device");

/** What happened to a device over a span: releases, restarts and gaps on a track, and curves that share its time. */
export function DeviceHistory({ device }: { device: Device }) {
  const span = spanNamed(route.useSearch().span);
  const navigate = route.useNavigate();
  const timeline = useQuery({ ...timelineQuery(device.device, span.ms), placeholderData: keepPreviousData });
  const curves = useQuery({ ...curvesQuery(device.device, span.ms), placeholderData: keepPreviousData });
  return (
    <section className={classes.history} aria-labelledby="history">
      <header className={classes.historyHead}>
        <h2 id="history">What happened</h2>
        <SegmentedControl
          aria-label="Span"
          size="xs"
          value={span.name}
          data={spans.map(({ name, title }) => ({ value: name, label: title }))}
          onChange={(name) => void navigate({ search: { span: name }, replace: true })}
        />
      </header>
      <QueryView query={timeline}>
        {(data) => (
          <History
            device={device}
            timeline={data}
            points={curves.data?.points ?? []}
            curveMs={curves.data?.bucketMs ?? 60_000}
          />
        )}
      </QueryView>
    </section>
  );
}

function History(props: { device: Device; timeline: Timeline; points: readonly CurvePoint[]; curveMs: number }) {
  const { device, timeline, points, curveMs } = props;
  const { counts, bucketMs, entries } = timeline;
  if (counts.length === 0 && entries.length === 0) {
    return <Empty title="Nothing in this span">The device reported nothing in this time. Choose a longer one.</Empty>;
  }
  const frames = counts.reduce((total, count) => total + count.frames, 0);
  const head = Object.keys(points.at(-1)?.heads ?? {})[0];
  const shared = { span: timeline, syncKey: device.device };
  const rates = frameRates(counts, bucketMs);
  const delay = latencies(points, curveMs);
  const sureness = head === undefined ? undefined : confidences(points, curveMs, head);
  return (
    <>
      <EntryTrack timeline={timeline} current={device.release} />
      <div className={classes.plots}>
        <figure>
          <figcaption>
            Frames per second{" "}
            <span className={classes.soft}>
              n = {countText(frames)} frames, by {durationText(bucketMs)}
            </span>
          </figcaption>
          <Plot
            {...shared}
            label="Frames per second: answered, dropped, failed"
            at={rates.at}
            min={0}
            format={(value) => shortNumber(value)}
            lines={[
              { title: "answered", values: rates.rows[0] ?? [], color: "--series-1" },
              { title: "dropped", values: rates.rows[1] ?? [], color: "--series-2", isDashed: true },
              { title: "failed", values: rates.rows[2] ?? [], color: "--series-4", isDashed: true },
            ]}
          />
          <Reasons timeline={timeline} />
        </figure>
        <figure>
          <figcaption>
            Latency of an answer <span className={classes.soft}>to a factor of two, by {durationText(curveMs)}</span>
          </figcaption>
          <Plot
            {...shared}
            label="Latency: median and 95th percentile"
            at={delay.at}
            min={0}
            format={durationText}
            lines={[
              { title: "median", values: delay.rows[0] ?? [], color: "--series-1" },
              { title: "95 %", values: delay.rows[1] ?? [], color: "--series-2", isDashed: true },
            ]}
          />
        </figure>
        {sureness !== undefined && (
          <figure>
            <figcaption>
              Mean confidence{" "}
              <span className={classes.soft}>
                of head {head}, by {durationText(curveMs)}
              </span>
            </figcaption>
            <Plot
              {...shared}
              label={`Mean confidence of head ${head}`}
              at={sureness.at}
              min={0}
              format={(value) => `${Math.round(value * 100)} %`}
              lines={[{ title: "confidence", values: sureness.rows[0] ?? [], color: "--series-3" }]}
            />
          </figure>
        )}
      </div>
      <EntryList entries={entries} hasMore={timeline.more} />
    </>
  );
}

function Reasons({ timeline }: { timeline: Timeline }) {
  const drops = byReason(timeline.counts, "drops");
  const errors = byReason(timeline.counts, "errors");
  if (drops.length + errors.length === 0) return <p className={classes.soft}>No frame was dropped or failed.</p>;
  const text = (list: typeof drops) => list.map(([reason, frames]) => `${reason} ${countText(frames)}`).join(", ");
  return (
    <p className={classes.soft}>
      {drops.length > 0 && `Dropped: ${text(drops)}. `}
      {errors.length > 0 && `Failed: ${text(errors)}.`}
    </p>
  );
}
