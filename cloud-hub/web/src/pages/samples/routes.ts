import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root-route.tsx";
import { readGallerySearch } from "./gallery-search.ts";
import { readLabellingSearch } from "./labelling/labelling-search.ts";

/** The gallery; filters, and the sample that is open, stand in the address. */
export const samplesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/samples",
  validateSearch: readGallerySearch,
  component: lazyRouteComponent(() => import("./samples-page.tsx"), "SamplesPage"),
});

/** Answering one question after the other. */
export const labellingRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/samples/label",
  validateSearch: readLabellingSearch,
  component: lazyRouteComponent(() => import("./labelling/labelling-page.tsx"), "LabellingPage"),
});
