import { Button } from "@mantine/core";
import { IconRefresh, IconTag } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { countText } from "../../values/format-amount.ts";
import { FilterBar } from "./filter-bar.tsx";
import { Gallery } from "./gallery.tsx";
import { NoMatch } from "./no-match.tsx";
import type { PageCache } from "./page-cache.ts";
import type { Sample } from "./sample.ts";
import { type SampleFilters, withoutFilter } from "./sample-filters.ts";
import { SamplePanel } from "./sample-panel.tsx";
import { fetchSamplePage, uncountedFilters } from "./sample-requests.ts";
import classes from "./samples-page.module.css";
import { noSelection } from "./selection.ts";
import { SelectionBar } from "./selection-bar.tsx";
import { TimeHistogram, useHistogram } from "./time-histogram.tsx";
import { useFilters } from "./use-filters.ts";
import { usePageCache } from "./use-page-cache.ts";

/** The gallery: what came from the field and from imports, found by filters, by time and by likeness. */
export function SamplesPage() {
  usePageTitle("Samples");
  const { filters, notes, open, setFilters, setOpen } = useFilters();
  const [turn, setTurn] = useState(0);
  const [selection, setSelection] = useState(noSelection);
  const cache = usePageCache(filters, turn);
  const opened = useRef(0);
  const counted = useHistogram(filters).data;
  const total = uncountedFilters(filters).length === 0 ? counted?.total : undefined;
  const isEmpty = cache.isComplete() && cache.length() === 0;
  const findSimilar = useCallback((sample: Sample) => setFilters({ similarTo: sample.id }), [setFilters]);
  const openAt = useCallback(
    (sample: Sample, index: number) => {
      opened.current = index;
      setOpen(sample.id);
    },
    [setOpen],
  );
  const move = (by: -1 | 1) => {
    const next = cache.at(opened.current + by);
    if (next !== undefined) openAt(next, opened.current + by);
  };
  const close = () => {
    setOpen(undefined);
    document.querySelector<HTMLElement>(`[data-index="${opened.current}"]`)?.focus({ preventScroll: true });
  };
  useFreshLabels(cache);

  return (
    <>
      <PageHeader
        title="Samples"
        beside={total !== undefined && <span className={classes.total}>{countText(total)}</span>}
      >
        <NewSamples filters={filters} cache={cache} onShow={() => setTurn(turn + 1)} />
        <Button component={Link} to="/samples/label" leftSection={<IconTag size={16} aria-hidden />}>
          Label
        </Button>
      </PageHeader>
      <div className={classes.tools}>
        {notes.map((note) => (
          <p key={note} role="status" className={classes.note}>
            {note}
          </p>
        ))}
        <FilterBar filters={filters} onChange={setFilters} />
        {filters.similarTo === undefined ? (
          <TimeHistogram filters={filters} onRange={(range) => setFilters({ ...filters, ...range })} />
        ) : (
          <SimilarHeading filters={filters} onLeave={() => setFilters(withoutFilter(filters, "similarTo"))} />
        )}
      </div>
      {isEmpty ? (
        <NoMatch filters={filters} onChange={setFilters} />
      ) : (
        <Gallery cache={cache} onOpen={openAt} onSimilar={findSimilar} selection={selection} onSelect={setSelection} />
      )}
      {open !== undefined && <SamplePanel id={open} onClose={close} onMove={move} onSimilar={findSimilar} />}
      {selection.ids.size > 0 && <SelectionBar selection={selection} onClear={() => setSelection(noSelection)} />}
    </>
  );
}

function SimilarHeading({ filters, onLeave }: { filters: SampleFilters; onLeave: () => void }) {
  return (
    <div className={classes.similar}>
      <p>
        Nearest first to <code>{filters.similarTo}</code>, by cosine distance between embeddings of the same backbone.
      </p>
      <Button variant="default" onClick={onLeave}>
        Back to newest first
      </Button>
    </div>
  );
}

/** A list does not shift under the reader: what came since is offered, not pushed in. */
function NewSamples(props: { filters: SampleFilters; cache: PageCache<Sample>; onShow: () => void }) {
  const { filters, cache, onShow } = props;
  const newest = useQuery({
    queryKey: ["samples", "newest", filters],
    queryFn: ({ signal }) => fetchSamplePage(filters, undefined, signal, 1),
    enabled: filters.similarTo === undefined,
  });
  const first = useFirst(cache);
  const top = newest.data?.items[0];
  const isNew =
    top !== undefined && (first === undefined ? cache.isComplete() : top.id !== first.id && top.at >= first.at);
  if (!isNew) return null;
  return (
    <Button
      variant="light"
      leftSection={<IconRefresh size={16} aria-hidden />}
      onClick={() => {
        window.scrollTo({ top: 0 });
        onShow();
      }}
    >
      New samples
    </Button>
  );
}

/** The first sample of a list, also after its page was let go. */
function useFirst(cache: PageCache<Sample>): Sample | undefined {
  const held = useRef<{ cache: PageCache<Sample>; sample: Sample | undefined }>({ cache, sample: undefined });
  if (held.current.cache !== cache) held.current = { cache, sample: undefined };
  held.current.sample ??= cache.at(0);
  return held.current.sample;
}

/** Labels that somebody gave are shown on the tiles at hand. */
function useFreshLabels(cache: PageCache<Sample>): void {
  const client = useQueryClient();
  useQuery({
    queryKey: ["labels", "gallery"],
    queryFn: async () => {
      await cache.refresh((sample) => sample.id);
      return Date.now();
    },
    enabled: cache.length() > 0,
    staleTime: Number.POSITIVE_INFINITY,
    initialData: 0,
  });
  useEffect(() => () => client.removeQueries({ queryKey: ["labels", "gallery"] }), [client]);
}
