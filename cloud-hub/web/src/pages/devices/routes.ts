import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root-route.tsx";
import { readListSearch } from "../list-search.ts";
import { readDeviceSearch } from "./device-search.ts";

/** Every device; the filter and the order stand in the address. */
export const deviceListRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/devices",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./device-list-page.tsx"), "DeviceListPage"),
});

/** One device; the span of its history stands in the address. */
export const deviceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/devices/$device",
  validateSearch: readDeviceSearch,
  component: lazyRouteComponent(() => import("./device-page.tsx"), "DevicePage"),
});
