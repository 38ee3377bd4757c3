import type { Hub } from "../hub-parts.ts";
import { auditQueue } from "./audit-queue.ts";
import { labellingQueue } from "./labelling-queue.ts";
import type { QueuePage, QueueRequest } from "./queue-page.ts";

/** The questions most worth a person's answer. */
export function readQueue(hub: Hub, request: QueueRequest): Promise<QueuePage> {
  return request.kind === "audit" ? auditQueue(hub, request) : labellingQueue(hub, request);
}
