/** Every way in which compiling, deriving or reading a graph can be refused. */
export type CompilerErrorCode =
  | "malformed-model"
  | "external-data"
  | "invalid-graph"
  | "shape-mismatch"
  | "unsupported-opset"
  | "unsupported-operator"
  | "control-flow"
  | "sparse-weights"
  | "no-gradient-rule"
  | "nothing-shared"
  | "invalid-argument"
  | "empty-histogram"
  | "no-calibration"
  | "calibration-overlap"
  | "unknown-target"
  | "unreadable-input";

/**
 * The one error of this room: `code` is for programs, the message is for people and says what was expected, where,
 * what came instead and what to do.
 */
export class CompilerError extends Error {
  readonly code: CompilerErrorCode;

  constructor(code: CompilerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "CompilerError";
    this.code = code;
  }
}
