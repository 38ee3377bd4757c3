import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { countText } from "../../values/format-amount.ts";
import { momentText } from "../../values/format-time.ts";
import { type Bar, barsOf, brushedRange } from "./histogram.ts";
import type { SampleFilters } from "./sample-filters.ts";
import { fetchHistogram, uncountedFilters } from "./sample-requests.ts";
import classes from "./time-histogram.module.css";

const height = 56;

/** How many samples were captured when. Dragging, or Enter on bars, narrows the gallery to a span of time. */
export function TimeHistogram(props: {
  filters: SampleFilters;
  onRange: (range: { from: number; to: number }) => void;
}) {
  const { filters, onRange } = props;
  const query = useHistogram(filters);
  const plot = useRef<SVGSVGElement>(null);
  const [brush, setBrush] = useState<readonly [number, number]>();
  const [marked, setMarked] = useState(-1);
  const bars = query.data === undefined ? [] : barsOf(query.data);
  const bar = bars[marked];

  const placeOf = (event: PointerEvent) => {
    const box = plot.current?.getBoundingClientRect();
    return box === undefined ? 0 : (event.clientX - box.left) / box.width;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) setMarked(Math.min(bars.length - 1, Math.max(0, marked + step)));
    else if (event.key === "Enter" && bar !== undefined) onRange({ from: bar.at, to: bar.to });
    else return;
    event.preventDefault();
  };
  const end = () => {
    const range = brush === undefined ? undefined : brushedRange(bars, ...brush);
    setBrush(undefined);
    if (range !== undefined) onRange(range);
  };

  return (
    <figure className={classes.figure}>
      <svg
        ref={plot}
        className={classes.plot}
        viewBox={`0 0 1 ${height}`}
        preserveAspectRatio="none"
        role="application"
        aria-label="Samples over time. Arrow keys read the bars, Enter narrows the gallery to one."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it answers keys
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setBrush([placeOf(event), placeOf(event)]);
        }}
        onPointerMove={(event) => {
          setMarked(Math.floor(placeOf(event) * bars.length));
          if (brush !== undefined) setBrush([brush[0], placeOf(event)]);
        }}
        onPointerUp={end}
        onPointerCancel={() => setBrush(undefined)}
        onPointerLeave={() => setMarked(-1)}
      >
        {bars.map((each, index) => (
          <BarShape
            key={each.at}
            bar={each}
            x={index / bars.length}
            width={1 / bars.length}
            isMarked={index === marked}
          />
        ))}
        {brush !== undefined && (
          <rect
            className={classes.brush}
            x={Math.min(...brush)}
            width={Math.max(0.002, Math.abs(brush[1] - brush[0]))}
            y={0}
            height={height}
          />
        )}
      </svg>
      <figcaption className={classes.caption}>
        <span>{bars[0] !== undefined && momentText(bars[0].at)}</span>
        <strong aria-live="polite">{bar === undefined ? totalWords(query.data?.total, filters) : barWords(bar)}</strong>
        <span>{bars.length > 0 && momentText(bars.at(-1)?.to ?? 0)}</span>
      </figcaption>
    </figure>
  );
}

/** Counts over time of the samples that filters match; asked again when samples change. */
export function useHistogram(filters: SampleFilters) {
  return useQuery({
    queryKey: ["samples", "histogram", filters],
    queryFn: ({ signal }) => fetchHistogram(filters, signal),
    placeholderData: (before) => before,
  });
}

function BarShape(props: { bar: Bar; x: number; width: number; isMarked: boolean }) {
  const { bar, x, width, isMarked } = props;
  const tall = bar.count === 0 ? 0 : Math.max(2, bar.height * height);
  return (
    <rect
      className={isMarked ? classes.marked : classes.bar}
      x={x + width * 0.08}
      width={width * 0.84}
      y={height - tall}
      height={tall}
    />
  );
}

const barWords = ({ at, count }: Bar): string => `${countText(count)} from ${momentText(at)}`;

function totalWords(total: number | undefined, filters: SampleFilters): string {
  if (total === undefined) return "Counting…";
  const uncounted = uncountedFilters(filters).length;
  return `${countText(total)} samples${uncounted === 0 ? "" : `, counted without ${uncounted === 1 ? "one filter" : `${uncounted} filters`}`}`;
}
