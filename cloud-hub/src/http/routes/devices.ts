import { IdentifierSchema } from "@fieldloop/devices";
import Type from "typebox";
import {
  AddedDeviceSchema,
  addDevice,
  DeviceSchema,
  getDevice,
  listDevices,
  NewDeviceSchema,
} from "../../fleet/device.ts";
import { DeviceGroupSchema, setDeviceGroup } from "../../fleet/device-group.ts";
import { DeviceLatestSchema, deviceLatest } from "../../fleet/device-latest.ts";
import { deviceTimeline, TimelineRequestSchema, TimelineSchema } from "../../fleet/device-timeline.ts";
import { EnrolmentAnswerSchema, EnrolmentRequestSchema, enrolDevice } from "../../fleet/enrolment.ts";
import type { RouteGroup } from "../route-group.ts";

const IdSchema = Type.Object({ id: IdentifierSchema });

/** Adding, enrolling and looking at devices. */
export const deviceRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/devices",
    { config: { access: "operator" }, schema: { body: NewDeviceSchema, response: { 201: AddedDeviceSchema } } },
    async (request, reply) => reply.status(201).send(await addDevice(hub, request.body)),
  );
  server.get(
    "/v1/devices",
    { config: { access: "viewer" }, schema: { response: { 200: Type.Object({ devices: Type.Array(DeviceSchema) }) } } },
    async () => ({ devices: await listDevices(hub) }),
  );
  server.get(
    "/v1/devices/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: DeviceSchema } } },
    (request) => getDevice(hub, request.params.id),
  );
  server.get(
    "/v1/devices/:id/timeline",
    {
      config: { access: "viewer" },
      schema: { params: IdSchema, querystring: TimelineRequestSchema, response: { 200: TimelineSchema } },
    },
    (request) => deviceTimeline(hub, request.params.id, request.query),
  );
  server.get(
    "/v1/devices/:id/latest",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: DeviceLatestSchema } } },
    (request) => deviceLatest(hub, request.params.id),
  );
  server.post(
    "/v1/devices/:id/group",
    {
      config: { access: "operator" },
      schema: { params: IdSchema, body: DeviceGroupSchema, response: { 200: DeviceSchema } },
    },
    (request) => setDeviceGroup(hub, request.params.id, request.body),
  );
  server.post(
    "/v1/enrol",
    {
      config: { access: "public" },
      bodyLimit: 64 * 1024,
      schema: { body: EnrolmentRequestSchema, response: { 200: EnrolmentAnswerSchema } },
    },
    (request) => enrolDevice(hub, request.body),
  );
};
