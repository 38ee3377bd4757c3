import Type from "typebox";
import { CurvesRequestSchema, CurvesSchema, readCurves } from "../../rollups/curves.ts";
import { OverviewRequestSchema, OverviewSchema, readOverview } from "../../rollups/overview.ts";
import type { RouteGroup } from "../route-group.ts";

/** The loop in figures, and what devices did over time. */
export const overviewRoutes: RouteGroup = (server, hub) => {
  server.get(
    "/v1/overview",
    {
      config: { access: "viewer" },
      schema: { querystring: OverviewRequestSchema, response: { 200: Type.Object(OverviewSchema.properties) } },
    },
    (request) => readOverview(hub, request.query),
  );
  server.get(
    "/v1/curves",
    {
      config: { access: "viewer" },
      schema: { querystring: CurvesRequestSchema, response: { 200: Type.Object(CurvesSchema.properties) } },
    },
    (request) => readCurves(hub, request.query),
  );
};
