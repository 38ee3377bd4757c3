import type { SqlSession } from "../storage/db.ts";
import type { Decision } from "./decision.ts";

/**
 * Writes one kind of decision into a fleet's tables; it draws on nothing but the decision and the tables. Throwing a
 * HubError refuses the decision for good.
 */
export type FleetApplier<Payload> = (
  session: SqlSession,
  fleet: string,
  payload: Payload,
  decision: Decision,
) => Promise<void>;
