/** Why the hub, or the way to it, did not give what was asked. status: of HTTP, 0 when nothing answered */
export class HubAnswerError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "HubAnswerError";
    this.code = code;
    this.status = status;
  }
}

/** Whether nothing answered at all, so that only the hub's return helps. */
export const isUnreachable = (error: unknown): boolean => error instanceof HubAnswerError && error.status === 0;

/** Whether the hub wants to know first who asks. */
export const needsSignIn = (error: unknown): boolean => error instanceof HubAnswerError && error.status === 401;

/** Reads what the hub refused: its own code and sentence, or one about an answer that is none of a hub's. */
export function refusalOf(status: number, text: string): HubAnswerError {
  try {
    const body = JSON.parse(text) as { readonly code?: unknown; readonly message?: unknown };
    if (typeof body.code === "string" && typeof body.message === "string") {
      return new HubAnswerError(body.code, body.message, status);
    }
  } catch {
    // Not JSON: a proxy's page, for example; the sentence below says so.
  }
  return new HubAnswerError(
    "not-a-hub",
    `Expected an answer of a fieldloop hub, got HTTP ${status} with another body; check what stands between this page and the hub.`,
    status,
  );
}
