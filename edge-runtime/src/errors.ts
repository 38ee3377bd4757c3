type EngineErrorCode =
  | "bad-model"
  | "bad-input"
  | "run-failed"
  | "run-timeout"
  | "load-timeout"
  | "engine-crashed"
  | "engine-closed"
  | "engine-busy"
  | "memory-exceeded"
  | "model-unloaded"
  | "frame-too-large"
  | "malformed-frame"
  | "provider-absent"
  | "server-unreachable"
  | "server-refused"
  | "build-failed";

type OperatorErrorCode =
  | "image-too-large"
  | "image-unreadable"
  | "image-unsupported"
  | "decoder-failed"
  | "decoder-busy"
  | "bad-preprocess";

type ReleaseErrorCode = "fetch-interrupted" | "fetch-refused" | "engine-unavailable" | "releases-closed";

type PipelineErrorCode = "no-release" | "bad-pipeline" | "bad-output" | "bad-frame" | "mailbox-full" | "runtime-closed";

type IdentityErrorCode =
  | "not-enrolled"
  | "already-enrolled"
  | "identity-unreadable"
  | "bad-engines"
  | "hub-unreachable"
  | "hub-refused"
  | "wrong-fingerprint"
  | "enrolment-refused"
  | "unknown-machine";

type RuntimeErrorCode = "folder-in-use" | "bad-outcome" | "bad-source";

/** Every code an {@link EdgeRuntimeError} may carry. */
export type EdgeRuntimeErrorCode =
  | EngineErrorCode
  | OperatorErrorCode
  | ReleaseErrorCode
  | PipelineErrorCode
  | IdentityErrorCode
  | RuntimeErrorCode;

/** What the edge runtime throws: a closed code, a sentence for people, and the cause where there is one. */
export class EdgeRuntimeError extends Error {
  readonly code: EdgeRuntimeErrorCode;

  constructor(code: EdgeRuntimeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "EdgeRuntimeError";
    this.code = code;
  }
}
