import { CompilerError } from "../errors.ts";
import type { Message } from "./schema.ts";

/** Where a tensor's bytes lie in another file: `location` is a path inside the model's folder, `/` between names. */
export interface ExternalRange {
  /** The tensor, for error sentences. */
  readonly tensor: string;
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Gives exactly the bytes of a range. @throws {CompilerError} `external-data` */
export type ReadExternalData = (range: ExternalRange) => Uint8Array;

/**
 * Reads a tensor's `external_data` entries (onnx.proto, TensorProto: location, offset, length; others are comments).
 * Where no length stands, it is the `expected` one.
 * @throws {CompilerError} `external-data` for a path that may leave the folder or a number that is none
 */
export function externalRange(
  tensor: string,
  entries: readonly Message<"StringStringEntry">[],
  expected: number | undefined,
): ExternalRange {
  const found = new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = found.get("location") ?? "";
  const reason = whyNotInside(location);
  if (reason !== undefined) throw externalData(tensor, `its data lies in "${location}", ${reason}`);
  const offset = wholeNumber(tensor, "offset", found.get("offset")) ?? 0;
  const length = wholeNumber(tensor, "length", found.get("length")) ?? expected;
  if (length === undefined) throw externalData(tensor, "its element type has no known size in another file");
  return { tensor, location, offset, length };
}

/** The error for external data that is not read; `reason` says what was found. */
export function externalData(tensor: string, reason: string, cause?: unknown): CompilerError {
  return new CompilerError(
    "external-data",
    `Cannot read tensor "${tensor}": ${reason}; put the model and its data files into one folder of their own, or save it with embedded weights.`,
    { cause },
  );
}

function whyNotInside(location: string): string | undefined {
  if (location === "") return "which names no file";
  if (/[\\\0]/.test(location)) return "which holds a backslash or a zero byte";
  if (/^\/|^[A-Za-z]:/.test(location)) return "which is no path inside the model's folder";
  return location.split("/").includes("..") ? 'which leaves the folder by ".."' : undefined;
}

function wholeNumber(tensor: string, key: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw externalData(tensor, `its ${key} "${text}" is no whole number`);
}
