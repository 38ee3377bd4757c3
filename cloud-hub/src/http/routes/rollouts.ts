import Type from "typebox";
import { commandRollout } from "../../rollouts/command-rollout.ts";
import { getRollout, listRollouts } from "../../rollouts/load-rollout.ts";
import { NewRolloutSchema, RolloutCommandSchema, RolloutSchema } from "../../rollouts/rollout.ts";
import { withLiveVerdict } from "../../rollouts/shown-rollout.ts";
import { startRollout } from "../../rollouts/start-rollout.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });
const commands = ["pause", "resume", "abort"] as const;

/** Releases on their way through groups of devices. */
export const rolloutRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/rollouts",
    { config: { access: "operator" }, schema: { body: NewRolloutSchema, response: { 201: RolloutSchema } } },
    async (request, reply) => reply.status(201).send(await startRollout(hub, request.body, personOf(request).name)),
  );
  server.get(
    "/v1/rollouts",
    {
      config: { access: "viewer" },
      schema: { response: { 200: Type.Object({ rollouts: Type.Array(RolloutSchema) }) } },
    },
    async () => ({ rollouts: (await listRollouts(hub)).map((rollout) => withLiveVerdict(hub, rollout)) }),
  );
  server.get(
    "/v1/rollouts/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: RolloutSchema } } },
    async (request) => withLiveVerdict(hub, await getRollout(hub, request.params.id)),
  );
  for (const command of commands) {
    server.post(
      `/v1/rollouts/:id/${command}`,
      {
        config: { access: "operator" },
        schema: { params: IdSchema, body: RolloutCommandSchema, response: { 200: RolloutSchema } },
      },
      async (request) => {
        const by = personOf(request).name;
        const { reason } = request.body;
        return commandRollout(hub, request.params.id, { command, by, ...(reason === undefined ? {} : { reason }) });
      },
    );
  }
};
