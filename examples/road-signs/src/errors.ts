/** Everything that can go wrong with what a user hands to the road-sign example. */
export type ExampleErrorCode =
  | "field-folder-missing"
  | "field-folder-unrecognised"
  | "idx-malformed"
  | "idx-too-large"
  | "meta-malformed"
  | "meta-mismatch"
  | "label-unknown"
  | "classes-malformed"
  | "image-unreadable"
  | "image-too-large"
  | "too-few-tracks"
  | "too-many-images"
  | "report-malformed"
  | "bad-option"
  | "reader-failed"
  | "hub-failed"
  | "other-story"
  | "step-failed";

/** One sentence that a user can act on, with a closed code and the cause that led to it. */
export class ExampleError extends Error {
  readonly code: ExampleErrorCode;

  constructor(code: ExampleErrorCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "ExampleError";
    this.code = code;
  }
}
