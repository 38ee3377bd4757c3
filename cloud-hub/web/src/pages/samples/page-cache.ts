/** One page of a keyset: `next` starts the page after it, absent at the end. */
export type KeysetPage<T> = { readonly items: readonly T[]; readonly next?: string };

/** How pages are fetched and how many are kept. fetchPage: aborted when the cache is closed */
export type PageCacheOptions<T> = {
  readonly pageSize: number;
  readonly keepPages: number;
  readonly fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<KeysetPage<T>>;
  readonly onChange: () => void;
};

/**
 * A list of any length behind a keyset, page by page. Where each page begins is remembered once it was seen, what it
 * held only while it is near: memory stays bounded however far one scrolls.
 */
export type PageCache<T> = {
  /** How many items are known to be there. */
  readonly length: () => number;
  /** Whether nothing follows what is known. */
  readonly isComplete: () => boolean;
  /** The item at a place, `undefined` while it is not at hand. */
  readonly at: (index: number) => T | undefined;
  /** Fetches what is missing between two places (inclusive), and moves the end on when it is reached. */
  readonly want: (first: number, last: number) => void;
  /** Asks anew for what is near and puts newer facts in the place of items at hand; what is listed, and its order, stays. */
  readonly refresh: (keyOf: (item: T) => string) => Promise<void>;
  /** What went wrong last, until a fetch succeeds. */
  readonly error: () => unknown;
  /** Tries again what failed. */
  readonly retry: () => void;
  readonly close: () => void;
};

/** Makes an empty cache; nothing is fetched before something is wanted. */
export function createPageCache<T>(options: PageCacheOptions<T>): PageCache<T> {
  const { pageSize, keepPages, fetchPage, onChange } = options;
  const starts: (string | undefined)[] = [undefined];
  const pages = new Map<number, readonly T[]>();
  const fetching = new Set<number>();
  const abort = new AbortController();
  let known = 0;
  let isComplete = false;
  let failure: unknown;
  let wanted: readonly [number, number] = [0, 0];

  async function load(page: number): Promise<void> {
    if (fetching.has(page) || pages.has(page) || page >= starts.length || abort.signal.aborted) return;
    fetching.add(page);
    try {
      keep(page, await fetchPage(starts[page], abort.signal));
      failure = undefined;
    } catch (error) {
      if (!abort.signal.aborted) failure = error;
    } finally {
      fetching.delete(page);
    }
    if (abort.signal.aborted) return;
    onChange();
    if (failure === undefined) loadWanted();
  }

  function keep(page: number, { items, next }: KeysetPage<T>): void {
    pages.delete(page);
    pages.set(page, items);
    if (page === starts.length - 1) {
      known = page * pageSize + items.length;
      if (next === undefined) isComplete = true;
      else starts.push(next);
    }
    forgetFarPages();
  }

  function forgetFarPages(): void {
    const middle = (pageOf(wanted[0]) + pageOf(wanted[1])) / 2;
    const farFirst = [...pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const page of farFirst.slice(0, Math.max(0, pages.size - keepPages))) pages.delete(page);
  }

  function loadWanted(): void {
    const last = Math.min(pageOf(wanted[1]), starts.length - 1);
    for (let page = pageOf(wanted[0]); page <= last; page += 1) void load(page);
  }

  const pageOf = (index: number): number => Math.max(0, Math.floor(index / pageSize));

  return {
    length: () => known,
    isComplete: () => isComplete,
    at: (index) => pages.get(pageOf(index))?.[index % pageSize],
    want(first, last) {
      wanted = [first, last];
      if (failure === undefined) loadWanted();
    },
    async refresh(keyOf) {
      const near = [...pages.keys()].filter((page) => page >= pageOf(wanted[0]) && page <= pageOf(wanted[1]));
      for (const page of near) {
        const { items } = await fetchPage(starts[page], abort.signal);
        const newer = new Map(items.map((item) => [keyOf(item), item]));
        const held = pages.get(page);
        if (held !== undefined)
          pages.set(
            page,
            held.map((item) => newer.get(keyOf(item)) ?? item),
          );
      }
      if (near.length > 0 && !abort.signal.aborted) onChange();
    },
    error: () => failure,
    retry() {
      failure = undefined;
      onChange();
      loadWanted();
    },
    close: () => abort.abort(),
  };
}
