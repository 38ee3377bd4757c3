import { LabelAnswerSchema, LabelRequestSchema, recordLabels } from "../../dataset/label.ts";
import { readQueue } from "../../dataset/queue.ts";
import { QueuePageSchema, QueueRequestSchema } from "../../dataset/queue-page.ts";
import type { RouteGroup } from "../route-group.ts";

/** What should be answered next, and the answers. */
export const labelRoutes: RouteGroup = (server, hub) => {
  server.get(
    "/v1/queue",
    { config: { access: "read" }, schema: { querystring: QueueRequestSchema, response: { 200: QueuePageSchema } } },
    (request) => readQueue(hub, request.query),
  );
  server.post("/v1/labels", { schema: { body: LabelRequestSchema, response: { 200: LabelAnswerSchema } } }, (request) =>
    recordLabels(hub, request.body),
  );
};
