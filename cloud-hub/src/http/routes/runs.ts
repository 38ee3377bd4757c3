import Type from "typebox";
import { cancelJob, getJob, JobSchema } from "../../jobs/job.ts";
import { getRun, NewRunSchema, RunEventPageSchema, RunSchema, readRunEvents, startRun } from "../../jobs/run.ts";
import { ListedRunSchema, listRuns, RunCurvesSchema, readRunCurves } from "../../jobs/run-list.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });
const LimitSchema = Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) });
const AfterSchema = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) });

/** Trainings and other queued work. */
export const runRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/runs",
    {
      config: { access: "operator" },
      schema: { body: NewRunSchema, response: { 201: Type.Object({ run: Type.String(), job: Type.String() }) } },
    },
    async (request, reply) => reply.status(201).send(await startRun(hub, request.body, personOf(request).name)),
  );
  server.get(
    "/v1/runs",
    {
      config: { access: "viewer" },
      schema: { querystring: LimitSchema, response: { 200: Type.Object({ runs: Type.Array(ListedRunSchema) }) } },
    },
    async (request) => ({ runs: await listRuns(hub, request.query.limit) }),
  );
  server.get(
    "/v1/runs/:id/curves",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: RunCurvesSchema } } },
    (request) => readRunCurves(hub, request.params.id),
  );
  server.get(
    "/v1/runs/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: RunSchema } } },
    (request) => getRun(hub, request.params.id),
  );
  server.get(
    "/v1/runs/:id/events",
    {
      config: { access: "viewer" },
      schema: { params: IdSchema, querystring: AfterSchema, response: { 200: RunEventPageSchema } },
    },
    (request) => readRunEvents(hub, request.params.id, request.query.after ?? 0),
  );
  server.get(
    "/v1/jobs/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: JobSchema } } },
    (request) => getJob(hub, request.params.id),
  );
  server.post(
    "/v1/jobs/:id/cancel",
    { config: { access: "operator" }, schema: { params: IdSchema, response: { 200: JobSchema } } },
    (request) => cancelJob(hub, request.params.id),
  );
};
