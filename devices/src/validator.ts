import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

/** Checks values against one schema, and says where they differ. */
export type Validator = {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly { instancePath: string; message: string }[];
};

const validators = new Map<TSchema, Validator>();

/** The validator of a schema, compiled when it is first needed. */
export function validatorOf(schema: TSchema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const compiled: Validator = Compile(schema);
  validators.set(schema, compiled);
  return compiled;
}
