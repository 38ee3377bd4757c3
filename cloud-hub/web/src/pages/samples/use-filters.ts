import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readFilters, type SampleFilters, writeFilters } from "./sample-filters.ts";

const route = getRouteApi("/samples");

/** The gallery's filters and open sample as the address has them, and how to change them. */
export function useFilters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { open, ...text } = search;
  const key = JSON.stringify(text);
  const { filters, notes } = useMemo(() => readFilters(JSON.parse(key) as Record<string, string>), [key]);
  const setFilters = useCallback(
    (next: SampleFilters) => void navigate({ search: writeFilters(next), resetScroll: true }),
    [navigate],
  );
  const setOpen = useCallback(
    (id: string | undefined) => {
      void navigate({ search: (before) => ({ ...before, open: id }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  return { filters, notes, open, setFilters, setOpen };
}
