import { encodeMessage, OutcomeBodySchema } from "@fieldloop/devices";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../errors.ts";

/** What came of acting on a prediction, in the application's words ("picked", "false stop"), perhaps with a number. */
export interface Outcome {
  readonly kind: string;
  readonly value?: number;
}

const validator = Compile(OutcomeBodySchema);

/**
 * The body of an outcome record.
 * @throws {EdgeRuntimeError} `bad-outcome`
 */
export function encodeOutcome(prediction: string, { kind, value }: Outcome, at: number): Uint8Array {
  const body = { v: 1, prediction, outcome: kind, at, ...(value === undefined ? {} : { value }) } as const;
  if (validator.Check(body)) return encodeMessage("outcome", body);
  throw new EdgeRuntimeError(
    "bad-outcome",
    `Expected an outcome {kind: 1 to 64 characters, value?: number} of a prediction's id, got ${JSON.stringify({ prediction, kind, value }).slice(0, 200)}.`,
  );
}
