import Type from "typebox";
import { DesiredAnswerSchema, DesiredRequestSchema, setDesiredState } from "../../fleet/desired-state.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

/** What a device shall run. */
export const desiredRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/desired",
    {
      config: { access: "operator" },
      schema: { body: DesiredRequestSchema, response: { 200: Type.Object(DesiredAnswerSchema.properties) } },
    },
    (request) => setDesiredState(hub, request.body, personOf(request).name),
  );
};
