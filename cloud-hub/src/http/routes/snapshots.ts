import Type from "typebox";
import { createSnapshot } from "../../dataset/create-snapshot.ts";
import {
  getSnapshot,
  NewSnapshotSchema,
  SnapshotMembersSchema,
  SnapshotSchema,
  snapshotMembers,
} from "../../dataset/snapshot.ts";
import { ListedSnapshotSchema, listSnapshots } from "../../dataset/snapshot-list.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** Frozen datasets. */
export const snapshotRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/snapshots",
    { config: { access: "operator" }, schema: { body: NewSnapshotSchema, response: { 201: SnapshotSchema } } },
    async (request, reply) => reply.status(201).send(await createSnapshot(hub, request.body, personOf(request).name)),
  );
  server.get(
    "/v1/snapshots",
    {
      config: { access: "viewer" },
      schema: { response: { 200: Type.Object({ snapshots: Type.Array(ListedSnapshotSchema) }) } },
    },
    async () => ({ snapshots: await listSnapshots(hub) }),
  );
  server.get(
    "/v1/snapshots/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: SnapshotSchema } } },
    (request) => getSnapshot(hub, request.params.id),
  );
  server.get(
    "/v1/snapshots/:id/members",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: SnapshotMembersSchema } } },
    async (request) => ({ members: [...(await snapshotMembers(hub, await getSnapshot(hub, request.params.id)))] }),
  );
};
