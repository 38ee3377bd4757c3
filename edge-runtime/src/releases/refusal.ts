/** Why a device does not take a release. */
export type RefusalCode =
  | "bad-signature"
  | "digest-mismatch"
  | "wrong-device"
  | "wrong-profile"
  | "stale-desired-state"
  | "golden-failed"
  | "failed-trial"
  | "too-large"
  | "incomplete";

/** What came of offering a release: an expected outcome either way; a refusal says why in one sentence. */
export type OfferResult =
  | { readonly accepted: true; readonly release: string; readonly number: number }
  | { readonly accepted: false; readonly code: RefusalCode; readonly reason: string };

/** Carries a refusal up to the door of the store, where it becomes a value. */
export class ReleaseRefusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, reason: string, options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.name = "ReleaseRefusal";
    this.code = code;
  }
}

/** The refusal in an error: itself, or `incomplete` with the error's sentence. */
export function asRefusal(error: unknown): ReleaseRefusal {
  if (error instanceof ReleaseRefusal) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ReleaseRefusal("incomplete", why, { cause: error });
}
