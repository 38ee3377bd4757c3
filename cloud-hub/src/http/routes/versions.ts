import { DigestSchema } from "@fieldloop/devices";
import Type from "typebox";
import { requestCompile } from "../../registry/compile.ts";
import { getVersion, listVersions, VersionSchema } from "../../registry/version.ts";
import type { RouteGroup } from "../route-group.ts";

const IdSchema = Type.Object({ id: DigestSchema });

/** Model versions and their variants. */
export const versionRoutes: RouteGroup = (server, hub) => {
  server.get(
    "/v1/versions",
    {
      config: { access: "viewer" },
      schema: { response: { 200: Type.Object({ versions: Type.Array(VersionSchema) }) } },
    },
    async () => ({ versions: await listVersions(hub) }),
  );
  server.get(
    "/v1/versions/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: VersionSchema } } },
    (request) => getVersion(hub, request.params.id),
  );
  server.post(
    "/v1/versions/:id/compile",
    {
      config: { access: "operator" },
      schema: { params: IdSchema, response: { 202: Type.Object({ job: Type.String() }) } },
    },
    async (request, reply) => reply.status(202).send(await requestCompile(hub, request.params.id)),
  );
};
