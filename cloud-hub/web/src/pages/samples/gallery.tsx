import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "react";
import { useContact } from "../../live/use-live.ts";
import { Failing } from "../../states/failing.tsx";
import classes from "./gallery.module.css";
import { layOutGallery, moveFocus } from "./gallery-layout.ts";
import type { PageCache } from "./page-cache.ts";
import type { Sample } from "./sample.ts";
import { SampleTile, type TileActions, TileBone } from "./sample-tile.tsx";
import { extendTo, noSelection, type Selection, toggle } from "./selection.ts";

const sizes = { least: 132, gap: 10, caption: 48 };
/** Rows of bones shown after the last known sample while more is on its way. */
const boneRows = 3;
/** Rows drawn above and below the screen. */
const overscan = 3;
/** Rows drawn in one frame. */
const drawnAtOnce = 2;
/** Faster than this, in px per ms, nobody sees what flies by; it is seen again below the second. */
const passingSpeed = 8;
const seenSpeed = 3;
/** Rows fetched ahead of what is on the screen. */
const aheadRows = 60;

/** Samples as a grid that draws only what is on the screen, however long the list is. Arrows move, Enter opens, x chooses. */
export function Gallery(props: {
  cache: PageCache<Sample>;
  onOpen: (sample: Sample, index: number) => void;
  onSimilar: (sample: Sample) => void;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}) {
  const { cache, onOpen, onSimilar, selection, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });
  const [focused, setFocused] = useState(0);
  const { columns, tileWidth, rowHeight } = layOutGallery(place.width, sizes);
  const known = Math.ceil(cache.length() / columns);
  const rows = cache.isComplete() ? known : known + boneRows;

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      const [width, top] = [element.clientWidth, element.offsetTop];
      setPlace((before) => (before.width === width && before.top === top ? before : { width, top }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const virtualizer = useWindowVirtualizer({
    count: place.width === 0 ? 0 : rows,
    estimateSize: () => rowHeight,
    overscan,
    scrollMargin: place.top,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height changes
  useLayoutEffect(() => virtualizer.measure(), [rowHeight]);

  const shown = virtualizer.getVirtualItems();
  const isPassing = useIsPassing(virtualizer.scrollOffset ?? 0, virtualizer.isScrolling);
  const drawn = useDrawnRows(
    shown.map(({ index }) => index),
    isPassing,
  );
  const turn = useReturns();
  // Rows are drawn into the elements of rows that went out of sight, which is cheaper than making new ones.
  const elements = Math.ceil(window.innerHeight / rowHeight) + 2 * overscan + 4;
  const [firstRow, lastRow] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => {
    cache.want(Math.max(0, firstRow - 4) * columns, (lastRow + aheadRows) * columns);
  });

  const latest = useRef({ cache, onOpen, selection, onSelect });
  useEffect(() => {
    latest.current = { cache, onOpen, selection, onSelect };
  });
  const actions = useMemo<TileActions>(
    () => ({
      focus: setFocused,
      open: (index) => {
        const sample = latest.current.cache.at(index);
        if (sample !== undefined) latest.current.onOpen(sample, index);
      },
      toggle: (index, withStretch) => latest.current.onSelect(choose(latest.current, index, withStretch)),
    }),
    [],
  );

  function focusTile(index: number): void {
    setFocused(index);
    virtualizer.scrollToIndex(Math.floor(index / columns), { align: "auto" });
    requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        box.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
      ),
    );
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const grid = { columns, count: cache.length(), rows: Math.max(1, Math.floor(window.innerHeight / rowHeight) - 1) };
    const target = moveFocus(focused, event.key, grid);
    const sample = cache.at(focused);
    if (target !== undefined) {
      if (event.shiftKey) onSelect(choose({ cache, selection: anchored(selection, focused), onSelect }, target, true));
      focusTile(target);
    } else if (event.key === "Enter" && sample !== undefined) onOpen(sample, focused);
    else if (event.key === "x" || event.key === " ") actions.toggle(focused, false);
    else if (event.key === "f" && sample !== undefined) onSimilar(sample);
    else if (event.key === "Escape" && selection.ids.size > 0) onSelect(noSelection);
    else return;
    event.preventDefault();
  }

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be drawn row by row at places of its own */}
      <div
        ref={box}
        role="grid"
        aria-label="Samples"
        aria-rowcount={cache.isComplete() ? rows : -1}
        aria-colcount={columns}
        aria-multiselectable
        className={classes.grid}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
        tabIndex={-1}
      >
        {shown.map(({ index: row, start }) => (
          // biome-ignore lint/a11y/useSemanticElements: as for the grid
          // biome-ignore lint/a11y/useFocusableInteractive: its cells take the focus
          <div
            key={row % elements}
            role="row"
            aria-rowindex={row + 1}
            className={classes.row}
            style={{
              height: rowHeight - sizes.gap,
              transform: `translateY(${start - place.top}px)`,
              gridTemplateColumns: `repeat(${columns}, ${tileWidth}px)`,
            }}
          >
            {Array.from({ length: columns }, (_, column) => row * columns + column)
              .filter((index) => index < cache.length() || !cache.isComplete())
              .map((index) => {
                const column = index - row * columns;
                const sample = drawn.has(row) ? cache.at(index) : undefined;
                if (sample === undefined) return <TileBone key={`bone ${column}`} column={column} />;
                return (
                  <SampleTile
                    key={column}
                    sample={sample}
                    index={index}
                    column={column}
                    isFocused={index === focused}
                    isSelected={selection.ids.has(sample.id)}
                    turn={turn}
                    actions={actions}
                  />
                );
              })}
          </div>
        ))}
      </div>
      {cache.error() !== undefined && <Failing error={cache.error()} retry={cache.retry} />}
    </>
  );
}

/** Whether the gallery is scrolled so fast that tiles would only be drawn, and images asked for, to be thrown away. */
function useIsPassing(offset: number, isScrolling: boolean): boolean {
  const last = useRef({ offset, at: 0, isPassing: false });
  const now = performance.now();
  const { current } = last;
  if (!isScrolling) last.current = { offset, at: now, isPassing: false };
  else if (offset !== current.offset) {
    const speed = Math.abs(offset - current.offset) / Math.max(1, now - current.at);
    const isPassing = speed > (current.isPassing ? seenSpeed : passingSpeed);
    last.current = { offset, at: now, isPassing };
  }
  return last.current.isPassing;
}

/**
 * The rows that are drawn in full: none while they fly by, else a few more in each frame, those on the screen first, so that no
 * frame has much to do. The others are bones meanwhile.
 */
function useDrawnRows(rows: readonly number[], isPassing: boolean): ReadonlySet<number> {
  const before = useRef<ReadonlySet<number>>(new Set());
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const inOrder = [...rows.slice(overscan), ...rows.slice(0, overscan)];
  const missing = isPassing ? [] : inOrder.filter((row) => !before.current.has(row));
  const kept = isPassing ? [] : rows.filter((row) => before.current.has(row));
  const drawn = new Set([...kept, ...missing.slice(0, drawnAtOnce)]);
  const isUnfinished = missing.length > drawnAtOnce;
  useEffect(() => {
    before.current = drawn;
    if (!isUnfinished) return undefined;
    const frame = requestAnimationFrame(redraw);
    return () => cancelAnimationFrame(frame);
  });
  return drawn;
}

/** How often the hub came back since the gallery was opened. */
function useReturns(): number {
  const { kind } = useContact();
  const [returns, setReturns] = useState(0);
  const before = useRef(kind);
  useEffect(() => {
    if (kind === "answering" && before.current === "silent") setReturns((count) => count + 1);
    before.current = kind;
  }, [kind]);
  return returns;
}

type Choosing = { readonly cache: PageCache<Sample>; readonly selection: Selection };

function choose(
  { cache, selection }: Choosing & { readonly onSelect: unknown },
  index: number,
  withStretch: boolean,
): Selection {
  if (withStretch) return extendTo(selection, index, (at) => cache.at(at)?.id);
  const id = cache.at(index)?.id;
  return id === undefined ? selection : toggle(selection, id, index);
}

const anchored = (selection: Selection, index: number): Selection =>
  selection.ids.size === 0 ? { ids: selection.ids, anchor: index } : selection;
