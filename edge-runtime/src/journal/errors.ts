/** Every code a {@link JournalError} may carry. */
export type JournalErrorCode =
  | "already-open"
  | "bad-option"
  | "closed"
  | "unknown-lane"
  | "bad-record"
  | "too-large"
  | "beyond-end"
  | "lane-full"
  | "quota-full"
  | "disk-full"
  | "write-failed"
  | "unreadable";

/** What the journal throws: a closed code, a sentence for people, and the cause where there is one. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "JournalError";
    this.code = code;
  }
}

/** The system's error code (`ENOSPC`) of whatever was thrown, or of its cause. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

/** Turns a failed write into `disk-full` where the disk or a disk quota was full, else into `write-failed`. */
export function writeError(error: unknown, where: string): JournalError {
  if (error instanceof JournalError) return error;
  const code = systemCode(error);
  return code === "ENOSPC" || code === "EDQUOT"
    ? new JournalError(
        "disk-full",
        `Expected room on the disk for ${where}, but it is full; free space and try again.`,
        {
          cause: error,
        },
      )
    : new JournalError(
        "write-failed",
        `Expected ${where} to be written, but got ${code ?? String(error)}; reopen it.`,
        {
          cause: error,
        },
      );
}
