import Type from "typebox";
import { createSnapshot } from "../../dataset/create-snapshot.ts";
import {
  getSnapshot,
  NewSnapshotSchema,
  SnapshotMembersSchema,
  SnapshotSchema,
  snapshotMembers,
} from "../../dataset/snapshot.ts";
import type { RouteGroup } from "../route-group.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** Frozen datasets. */
export const snapshotRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/snapshots",
    { schema: { body: NewSnapshotSchema, response: { 201: SnapshotSchema } } },
    async (request, reply) => reply.status(201).send(await createSnapshot(hub, request.body)),
  );
  server.get(
    "/v1/snapshots/:id",
    { config: { access: "read" }, schema: { params: IdSchema, response: { 200: SnapshotSchema } } },
    (request) => getSnapshot(hub, request.params.id),
  );
  server.get(
    "/v1/snapshots/:id/members",
    { config: { access: "read" }, schema: { params: IdSchema, response: { 200: SnapshotMembersSchema } } },
    async (request) => ({ members: [...(await snapshotMembers(hub, await getSnapshot(hub, request.params.id)))] }),
  );
};
