import Type from "typebox";
import { Value } from "typebox/value";
import { type SampleQuery, SampleQuerySchema } from "../dataset/sample-query.ts";
import { HubError } from "../errors.ts";

const ClosedQuerySchema = Type.Object(SampleQuerySchema.properties, { additionalProperties: false });

/**
 * Reads a query as it is written on a command line: `split=val,source=import`; empty text matches everything.
 * @throws {HubError} `bad-request`
 */
export function parseQuery(text: string): SampleQuery {
  const entries = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [name = "", ...rest] = part.split("=");
      return [name.trim(), rest.join("=").trim()] as const;
    });
  const query: unknown = Value.Convert(ClosedQuerySchema, Object.fromEntries(entries));
  if (Value.Check(ClosedQuerySchema, query)) return query;
  throw new HubError(
    "bad-request",
    `Expected a query like "split=val,source=import" with ${Object.keys(SampleQuerySchema.properties).join(", ")}, got ${JSON.stringify(text)}.`,
  );
}
