import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root-route.tsx";
import { readListSearch } from "../list-search.ts";
import { readCompareSearch, readVersionSearch } from "./model-search.ts";

/** Every version and every release. */
export const modelListRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./model-list-page.tsx"), "ModelListPage"),
});

/** One version; which evaluation and head are shown stands in the address. */
export const versionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models/$version",
  validateSearch: readVersionSearch,
  component: lazyRouteComponent(() => import("./version-page.tsx"), "VersionPage"),
});

/** Two versions side by side. */
export const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models/compare",
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import("./compare-page.tsx"), "ComparePage"),
});

/** One release, down to the samples that its version learned from. */
export const releaseRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models/releases/$digest",
  component: lazyRouteComponent(() => import("./release-page.tsx"), "ReleasePage"),
});
