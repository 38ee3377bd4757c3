import { CompilerError } from "@fieldloop/compiler";
import { DevicesError } from "@fieldloop/devices";
import { EdgeRuntimeError } from "@fieldloop/edge-runtime/engine";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { HubError, type HubErrorCode } from "../errors.ts";

/** The body of every answer that is not a success. */
export const ErrorAnswerSchema = Type.Object({ code: Type.String(), message: Type.String() });

const statuses: Partial<Record<HubErrorCode, number>> = {
  "not-found": 404,
  unauthorized: 401,
  forbidden: 403,
  "too-many-tries": 429,
  "too-many-streams": 429,
  "wrong-credential": 401,
  "wrong-host": 403,
  "wrong-origin": 403,
  "code-used": 403,
  "code-expired": 403,
  "bad-code": 403,
  "already-there": 409,
  "rollout-conflict": 409,
  "wrong-state": 409,
  "stale-step": 409,
  "label-conflict": 409,
  "sample-deleted": 410,
  "too-large": 413,
  "missing-blob": 404,
  "damaged-blob": 500,
  "sql-failed": 500,
  "sql-lost": 503,
  "sql-closed": 503,
  "inbox-full": 507,
  "disk-full": 507,
};

/** Answers an error with its code and sentence; what nobody foresaw is logged and answered without its inside. */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message } = describe(error);
  if (status >= 500) request.log.error(error);
  void reply.status(status).send({ code, message });
}

function describe(error: FastifyError | Error): { status: number; code: string; message: string } {
  if (error instanceof HubError) {
    return { status: statuses[error.code] ?? 400, code: error.code, message: error.message };
  }
  if (error instanceof DevicesError || error instanceof CompilerError || error instanceof EdgeRuntimeError) {
    return { status: 400, code: error.code, message: error.message };
  }
  if ("validation" in error && error.validation !== undefined) return { status: 400, ...describeInvalid(error) };
  if ("statusCode" in error && error.statusCode !== undefined && error.statusCode < 500) {
    return {
      status: error.statusCode,
      code: error.statusCode === 413 ? "too-large" : "bad-request",
      message: error.message,
    };
  }
  return { status: 500, code: "internal", message: "The hub could not finish this request; its log says why." };
}

function describeInvalid(error: FastifyError): { code: string; message: string } {
  const first = error.validation?.[0];
  const where = `${error.validationContext ?? "request"}${first?.instancePath ?? ""}`;
  return {
    code: "bad-request",
    message: `Expected a request by its schema (/v1/openapi.json); ${where} ${first?.message ?? "differs"}.`,
  };
}
