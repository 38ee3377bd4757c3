import Type from "typebox";
import type { RouteGroup } from "../route-group.ts";

const HealthSchema = Type.Object({
  ok: Type.Boolean(),
  fleet: Type.String(),
  version: Type.String(),
  hubPublicKey: Type.String(),
  mqttUrl: Type.String(),
});

/** Whether the hub answers, and which fleet it serves. */
export const healthRoutes: RouteGroup = (server, hub) => {
  server.get("/v1/health", { config: { access: "public" }, schema: { response: { 200: HealthSchema } } }, () => ({
    ok: true,
    fleet: hub.fleet,
    version: hub.version,
    hubPublicKey: hub.publicKey,
    mqttUrl: hub.address().mqttUrl,
  }));
};
