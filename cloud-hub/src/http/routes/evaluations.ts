import Type from "typebox";
import { AccuracyRequestSchema, AccuracySchema, auditedAccuracy } from "../../evaluation/audited-accuracy.ts";
import { EvaluationRequestSchema, EvaluationSchema, evaluateVersions } from "../../evaluation/evaluation.ts";
import { GateRequestSchema, GateVerdictSchema, judgeGate } from "../../evaluation/gate.ts";
import type { RouteGroup } from "../route-group.ts";

/** How right versions are, and whether one may take another's place. */
export const evaluationRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/evaluations",
    { schema: { body: EvaluationRequestSchema, response: { 200: EvaluationSchema } } },
    (request) => evaluateVersions(hub, request.body),
  );
  server.post("/v1/gates", { schema: { body: GateRequestSchema, response: { 200: GateVerdictSchema } } }, (request) =>
    judgeGate(hub, request.body),
  );
  server.get(
    "/v1/accuracy",
    {
      config: { access: "read" },
      schema: { querystring: AccuracyRequestSchema, response: { 200: Type.Object(AccuracySchema.properties) } },
    },
    (request) => auditedAccuracy(hub, request.query),
  );
};
