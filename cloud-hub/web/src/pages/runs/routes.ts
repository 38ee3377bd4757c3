import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root-route.tsx";
import { readListSearch } from "../list-search.ts";

/** Every training. */
export const runListRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./run-list-page.tsx"), "RunListPage"),
});

/** One training. */
export const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("./run-page.tsx"), "RunPage"),
});
