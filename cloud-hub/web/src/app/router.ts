import { createRouter } from "@tanstack/react-router";
import { queryText, readQuery } from "../api/query-text.ts";
import { deviceListRoute, deviceRoute } from "../pages/devices/routes.ts";
import { loopRoute } from "../pages/loop/routes.ts";
import { compareRoute, modelListRoute, releaseRoute, versionRoute } from "../pages/models/routes.ts";
import { rolloutListRoute, rolloutRoute } from "../pages/rollouts/routes.ts";
import { runListRoute, runRoute } from "../pages/runs/routes.ts";
import { labellingRoute, samplesRoute } from "../pages/samples/routes.ts";
import { Loading } from "../states/loading.tsx";
import { rootRoute } from "./root-route.tsx";

const routeTree = rootRoute.addChildren([
  loopRoute,
  deviceListRoute,
  deviceRoute,
  samplesRoute,
  labellingRoute,
  runListRoute,
  runRoute,
  modelListRoute,
  versionRoute,
  compareRoute,
  releaseRoute,
  rolloutListRoute,
  rolloutRoute,
]);

/** The addresses of the page. A section's code is loaded when it is opened or pointed at. */
export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  scrollRestoration: true,
  parseSearch: readQuery,
  stringifySearch: (search) => queryText(search as Record<string, string | undefined>), // every route's search is text
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
