import type { FastifyRequest } from "fastify";
import Type from "typebox";
import {
  type Claimant,
  ClaimedSchema,
  ClaimQueue,
  ClaimRequestSchema,
  ReleaseRequestSchema,
  RenewedSchema,
  RenewRequestSchema,
} from "../../dataset/claim-queue.ts";
import { LabelAnswerSchema, LabelRequestSchema, recordLabels } from "../../dataset/label.ts";
import { LabelHeadsSchema, readLabelHeads } from "../../dataset/label-heads.ts";
import {
  HistoryRequestSchema,
  HistorySchema,
  readHistory,
  UndoRequestSchema,
  undoLabels,
} from "../../dataset/label-history.ts";
import { readQueue } from "../../dataset/queue.ts";
import { QueuePageSchema, QueueRequestSchema } from "../../dataset/queue-page.ts";
import { hashSecret } from "../../fleet/credential.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf, sessionOf } from "../security/access.ts";
import { cookieNameOf } from "./session.ts";

/** What should be answered next, and the answers. */
export const labelRoutes: RouteGroup = (server, hub) => {
  const queue = new ClaimQueue(hub);
  const cookieName = cookieNameOf(hub);
  const claimantOf = (request: FastifyRequest): Claimant => ({
    id: hashSecret(sessionOf(request, { cookieName }) ?? request.headers.authorization ?? ""),
    person: personOf(request),
  });

  server.get(
    "/v1/queue",
    { config: { access: "viewer" }, schema: { querystring: QueueRequestSchema, response: { 200: QueuePageSchema } } },
    (request) => readQueue(hub, request.query),
  );
  server.post(
    "/v1/queue/claims",
    { config: { access: "labeller" }, schema: { body: ClaimRequestSchema, response: { 200: ClaimedSchema } } },
    (request) => queue.claim(request.body, claimantOf(request)),
  );
  server.post(
    "/v1/queue/claims/renew",
    { config: { access: "labeller" }, schema: { body: RenewRequestSchema, response: { 200: RenewedSchema } } },
    async (request) => queue.renew(request.body.keys, claimantOf(request)),
  );
  server.post(
    "/v1/queue/claims/release",
    {
      config: { access: "labeller" },
      schema: { body: ReleaseRequestSchema, response: { 200: Type.Object({ released: Type.Integer() }) } },
    },
    async (request) => {
      const { keys, skip = false } = request.body;
      queue.release(keys, skip, claimantOf(request));
      return { released: keys.length };
    },
  );
  server.post(
    "/v1/labels",
    { config: { access: "labeller" }, schema: { body: LabelRequestSchema, response: { 200: LabelAnswerSchema } } },
    (request) => recordLabels(hub, request.body, personOf(request)),
  );
  server.get(
    "/v1/labels",
    { config: { access: "viewer" }, schema: { querystring: HistoryRequestSchema, response: { 200: HistorySchema } } },
    async (request) => ({ labels: await readHistory(hub, request.query.sample) }),
  );
  server.post(
    "/v1/labels/undo",
    {
      config: { access: "labeller" },
      schema: { body: UndoRequestSchema, response: { 200: Type.Object({ labels: Type.Array(Type.String()) }) } },
    },
    (request) => undoLabels(hub, request.body, personOf(request)),
  );
  server.get(
    "/v1/labels/heads",
    { config: { access: "viewer" }, schema: { response: { 200: LabelHeadsSchema } } },
    () => readLabelHeads(hub),
  );
};
