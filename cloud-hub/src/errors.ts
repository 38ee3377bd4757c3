type RequestErrorCode =
  | "bad-request"
  | "not-found"
  | "unauthorized"
  | "forbidden"
  | "too-many-tries"
  | "too-many-streams"
  | "wrong-host"
  | "wrong-origin"
  | "too-large"
  | "already-there"
  | "unreachable";

type FleetErrorCode = "bad-code" | "code-used" | "code-expired" | "wrong-credential" | "no-variant" | "wrong-profile";

type RolloutErrorCode =
  | "rollout-conflict"
  | "empty-group"
  | "bad-waves"
  | "not-accepted"
  | "nothing-to-do"
  | "wrong-state"
  | "stale-step";

type DatasetErrorCode =
  | "bad-image"
  | "unknown-label"
  | "bad-cursor"
  | "empty-snapshot"
  | "label-conflict"
  | "sample-deleted";

type ModelErrorCode = "bad-model" | "bad-recipe" | "run-failed" | "not-compiled" | "no-golden" | "nothing-to-judge";

type ServiceErrorCode = "port-busy" | "hub-already-open" | "tls-required" | "bad-data-folder" | "job-failed";

type StorageErrorCode =
  | "sql-failed"
  | "sql-lost"
  | "sql-closed"
  | "not-durable"
  | "schema-newer"
  | "bad-migration"
  | "disk-full"
  | "missing-blob"
  | "damaged-blob"
  | "unknown-decision"
  | "decision-refused"
  | "inbox-full"
  | "bad-backup"
  | "bad-passphrase"
  | "not-recoverable";

/** Every code a {@link HubError} may carry. */
export type HubErrorCode =
  | StorageErrorCode
  | RequestErrorCode
  | FleetErrorCode
  | RolloutErrorCode
  | DatasetErrorCode
  | ModelErrorCode
  | ServiceErrorCode;

/** What the hub throws: a closed code, a sentence for people, and the cause where there is one. */
export class HubError extends Error {
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "HubError";
    this.code = code;
  }
}
