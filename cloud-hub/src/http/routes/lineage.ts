import { DigestSchema } from "@fieldloop/devices";
import Type from "typebox";
import {
  LineageSchema,
  releaseLineage,
  SampleLineageSchema,
  sampleLineage,
  versionLineage,
} from "../../registry/lineage.ts";
import type { RouteGroup } from "../route-group.ts";

const DigestParamsSchema = Type.Object({ digest: DigestSchema });
const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** From a release to its samples and back. */
export const lineageRoutes: RouteGroup = (server, hub) => {
  server.get(
    "/v1/lineage/release/:digest",
    { config: { access: "viewer" }, schema: { params: DigestParamsSchema, response: { 200: LineageSchema } } },
    (request) => releaseLineage(hub, request.params.digest),
  );
  server.get(
    "/v1/lineage/version/:digest",
    { config: { access: "viewer" }, schema: { params: DigestParamsSchema, response: { 200: LineageSchema } } },
    (request) => versionLineage(hub, request.params.digest),
  );
  server.get(
    "/v1/lineage/sample/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: SampleLineageSchema } } },
    (request) => sampleLineage(hub, request.params.id),
  );
};
