import { DigestSchema } from "@fieldloop/devices";
import Type from "typebox";
import { AccuracyRequestSchema, AccuracySchema, auditedAccuracy } from "../../evaluation/audited-accuracy.ts";
import { EvaluationRequestSchema, EvaluationSchema, evaluateVersions } from "../../evaluation/evaluation.ts";
import { getEvaluation, ListedEvaluationSchema, listEvaluations } from "../../evaluation/evaluation-record.ts";
import { GateRequestSchema, GateVerdictSchema, judgeGate } from "../../evaluation/gate.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });
const ListRequestSchema = Type.Object({
  version: Type.Optional(DigestSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
const KeptEvaluationSchema = Type.Object({
  ...EvaluationSchema.properties,
  at: Type.Integer(),
  by: Type.Union([Type.String(), Type.Null()]),
  query: Type.Record(Type.String(), Type.Unknown()),
});

/** How right versions are, and whether one may take another's place. */
export const evaluationRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/evaluations",
    {
      config: { access: "operator" },
      schema: { body: EvaluationRequestSchema, response: { 200: EvaluationSchema } },
    },
    (request) => evaluateVersions(hub, request.body, personOf(request).name),
  );
  server.get(
    "/v1/evaluations",
    {
      config: { access: "viewer" },
      schema: {
        querystring: ListRequestSchema,
        response: { 200: Type.Object({ evaluations: Type.Array(ListedEvaluationSchema) }) },
      },
    },
    async ({ query: { version, limit } }) => ({ evaluations: await listEvaluations(hub, version, limit) }),
  );
  server.get(
    "/v1/evaluations/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: KeptEvaluationSchema } } },
    async (request, reply) => {
      const { figures, ...kept } = await getEvaluation(hub, request.params.id);
      return reply.send({ ...(figures as { samples: number; versions: [] }), ...kept } as never); // as evaluateVersions kept it
    },
  );
  server.post(
    "/v1/gates",
    { config: { access: "operator" }, schema: { body: GateRequestSchema, response: { 200: GateVerdictSchema } } },
    (request) => judgeGate(hub, request.body, personOf(request).name),
  );
  server.get(
    "/v1/accuracy",
    {
      config: { access: "viewer" },
      schema: { querystring: AccuracyRequestSchema, response: { 200: Type.Object(AccuracySchema.properties) } },
    },
    (request) => auditedAccuracy(hub, request.query),
  );
};
