import { DriftReportSchema, DriftRequestSchema, readDrift } from "../../drift/detector.ts";
import type { RouteGroup } from "../route-group.ts";

/** Whether devices still see what their version was made for. */
export const driftRoutes: RouteGroup = (server, hub) => {
  server.get(
    "/v1/drift",
    { config: { access: "viewer" }, schema: { querystring: DriftRequestSchema, response: { 200: DriftReportSchema } } },
    (request) => readDrift(hub, request.query),
  );
};
