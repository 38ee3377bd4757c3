import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useScheme } from "../app/scheme.ts";
import { zoneText } from "../values/format-time.ts";
import classes from "./plot.module.css";

/** One line of a plot. values: null where nothing was measured · color: a token · format: how a value is written */
export type PlotLine = {
  readonly title: string;
  readonly values: readonly (number | null)[];
  readonly color: "--series-1" | "--series-2" | "--series-3" | "--series-4";
  readonly isDashed?: boolean;
};

type PlotProps = {
  readonly label: string;
  readonly at: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
  readonly isTime?: boolean;
  readonly height?: number;
  readonly syncKey?: string;
  readonly min?: number;
  readonly span?: { readonly from: number; readonly to: number };
};

/**
 * Lines over time, or over counted steps. at: ms since 1970 (or steps), ascending · label: what a screen reader says of it
 * syncKey: plots of one key share their cursor · span: what the axis covers, else what `at` does
 */
export function Plot(props: PlotProps) {
  // Colours are read when a plot is made, so each scheme gets its own.
  return <Drawing key={useScheme().shown} {...props} />;
}

function Drawing(props: PlotProps) {
  const { label, at, lines, format, isTime = true, height = 160, syncKey, min, span } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const titles = JSON.stringify(lines.map(({ title, color, isDashed }) => [title, color, isDashed ?? false]));
  const data = [isTime ? at.map((ms) => ms / 1000) : at, ...lines.map(({ values }) => values)] as uPlot.AlignedData; // uPlot's type is for mutable arrays
  const latest = useRef({ data, format, span });
  latest.current = { data, format, span };

  useEffect(() => {
    const host = place.current;
    if (host === null) return undefined;
    const made = new uPlot(
      optionsOf({
        host,
        named: JSON.parse(titles) as [string, PlotLine["color"], boolean][],
        isTime,
        height,
        syncKey,
        min,
        write: (value) => latest.current.format(value),
        spanNow: () => latest.current.span,
      }),
      latest.current.data,
      host,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [titles, isTime, height, syncKey, min]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div ref={place} className={classes.plot} role="img" aria-label={label} />;
}

function optionsOf(options: {
  host: HTMLElement;
  named: readonly [string, PlotLine["color"], boolean][];
  isTime: boolean;
  height: number;
  syncKey: string | undefined;
  min: number | undefined;
  write: (value: number) => string;
  spanNow: () => { readonly from: number; readonly to: number } | undefined;
}): uPlot.Options {
  const { host, named, isTime, height, syncKey, min, write, spanNow } = options;
  const tokens = getComputedStyle(document.documentElement);
  const token = (name: string) => tokens.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: token("--ink-soft"),
    font: `11px ${token("--font")}`,
    grid: { stroke: token("--line-soft"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: host.clientWidth,
    height,
    cursor: { points: { size: 6 }, drag: { x: false, y: false }, ...(syncKey ? { sync: { key: syncKey } } : {}) },
    legend: { live: true },
    scales: {
      x: {
        time: isTime,
        range: (_, low, high) => {
          const span = spanNow();
          return span === undefined ? [low, high] : [span.from / 1000, span.to / 1000];
        },
      },
      y: {
        range: (_, low, high) => [min ?? low, high > (min ?? low) ? high + (high - (min ?? low)) * 0.08 : high + 1],
      },
    },
    axes: [
      { ...axis, space: 64, ...(isTime ? { values: (self: uPlot, splits: number[]) => timeTicks(self, splits) } : {}) },
      { ...axis, size: 62, values: (_, splits) => splits.map((value) => (value === null ? "" : write(value))) },
    ],
    series: [
      isTime ? { value: (_, seconds) => (seconds == null ? "–" : timeText(seconds)) } : {},
      ...named.map(([title, color, isDashed]) => ({
        label: title,
        stroke: token(color),
        width: 1.5,
        ...(isDashed ? { dash: [5, 4] } : {}),
        points: { show: false },
        spanGaps: false,
        value: (_: uPlot, value: number | null) => (value == null ? "–" : write(value)),
      })),
    ],
  };
}

/** Hours and minutes for spans up to two days, days beyond. */
function timeTicks({ scales }: uPlot, splits: readonly number[]): string[] {
  const spanS = (scales.x?.max ?? 0) - (scales.x?.min ?? 0);
  const isLong = spanS > 2 * 86_400;
  const format = new Intl.DateTimeFormat(
    "en-GB",
    isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" },
  );
  return splits.map((seconds) => format.format(seconds * 1000));
}

function timeText(seconds: number): string {
  const text = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).format(seconds * 1000);
  return `${text} (${zoneText(seconds * 1000)})`;
}
