import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root-route.tsx";
import { readListSearch } from "../list-search.ts";

/** Every rollout. */
export const rolloutListRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/rollouts",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./rollout-list-page.tsx"), "RolloutListPage"),
});

/** One rollout. */
export const rolloutRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/rollouts/$rollout",
  component: lazyRouteComponent(() => import("./rollout-page.tsx"), "RolloutPage"),
});
