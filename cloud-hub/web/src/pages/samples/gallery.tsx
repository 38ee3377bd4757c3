import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
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
/** Rows fetched ahead of what is on the screen. */
const aheadRows = 24;

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
    const measure = () => setPlace({ width: element.clientWidth, top: element.offsetTop });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const virtualizer = useWindowVirtualizer({
    count: place.width === 0 ? 0 : rows,
    estimateSize: () => rowHeight,
    overscan: 3,
    scrollMargin: place.top,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height changes
  useLayoutEffect(() => virtualizer.measure(), [rowHeight]);

  const shown = virtualizer.getVirtualItems();
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
            key={row}
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
              .map((index, column) => {
                const sample = cache.at(index);
                if (sample === undefined) return <TileBone key={index} column={column} />;
                return (
                  <SampleTile
                    key={index}
                    sample={sample}
                    index={index}
                    column={column}
                    isFocused={index === focused}
                    isSelected={selection.ids.has(sample.id)}
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
