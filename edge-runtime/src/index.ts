export { EdgeRuntimeError, type EdgeRuntimeErrorCode } from "./errors.ts";
export { enrol } from "./identity/enrolment.ts";
export { type Identity, readIdentity, writeIdentity } from "./identity/identity.ts";
export type { RawImage } from "./operators/index.ts";
export type { HeadOpinion } from "./pipeline/head-answer.ts";
export type { MailboxPolicy } from "./pipeline/mailbox.ts";
export { compilePlan, type Plan, type PlannedHead } from "./pipeline/plan.ts";
export type {
  OfferResult,
  RefusalCode,
  ReleaseEvent,
  ReleaseStatus,
} from "./releases/index.ts";
export type { JournalLimits } from "./runtime/device-journal.ts";
export type { RuntimeOptions } from "./runtime/device-runtime.ts";
export type { Frame, Prediction } from "./runtime/frame.ts";
export type { Outcome } from "./runtime/outcome.ts";
export type { RuntimeEvents } from "./runtime/runtime-events.ts";
export type { RuntimeStatus } from "./runtime/status.ts";
export { askStatus } from "./runtime/status-socket.ts";
export type { SwapTally } from "./runtime/tallies.ts";
export { openRuntime, type Runtime } from "./runtime.ts";
export { keyedShare } from "./sampling/keyed-share.ts";
export type { UplinkStatus } from "./uplink/uplink.ts";
