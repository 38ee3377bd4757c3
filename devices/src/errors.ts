/** What can be wrong with something that hub or device was handed. */
export type DevicesErrorCode =
  | "malformed-message"
  | "unknown-version"
  | "too-large"
  | "bad-topic"
  | "bad-identifier"
  | "bad-key"
  | "bad-enrolment-code"
  | "sketch-mismatch"
  | "unknown-profile";

/** An error of the contract between hub and device; the message says what was expected, where, what came and what to do. */
export class DevicesError extends Error {
  readonly code: DevicesErrorCode;

  constructor(code: DevicesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DevicesError";
    this.code = code;
  }
}
