import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ExampleError } from "../errors.ts";

const gunzipAsync = promisify(gunzip);

/** Unsigned bytes with their dimensions, as an IDX file holds them. */
export interface IdxArray {
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads `DIR/STEM.gz`, or `DIR/STEM`, of exactly the given dimensions; never unpacks more bytes than those need.
 * Format: 0 0 8 RANK, big-endian uint32 per dimension, then bytes (yann.lecun.com/exdb/mnist).
 * @throws {ExampleError} `idx-malformed` when absent, truncated or of another shape, `idx-too-large` when it unpacks to more
 */
export async function readIdxFile(dir: string, stem: string, dimensions: readonly number[]): Promise<IdxArray> {
  const zipped = join(dir, `${stem}.gz`);
  const path = existsSync(zipped) ? zipped : join(dir, stem);
  const byteLength = 4 + 4 * dimensions.length + dimensions.reduce((product, size) => product * size, 1);
  const bytes = await readBounded(path, byteLength);
  return parseIdx(bytes, dimensions, path);
}

async function readBounded(path: string, byteLength: number): Promise<Uint8Array> {
  const stored = await readFile(path).catch((cause: unknown) => {
    throw new ExampleError("idx-malformed", `Expected an IDX file at ${path}, but it cannot be read; add it.`, cause);
  });
  if (!path.endsWith(".gz")) return stored;
  return gunzipAsync(stored, { maxOutputLength: byteLength }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ERR_BUFFER_TOO_LARGE")
      throw new ExampleError(
        "idx-too-large",
        `Expected ${path} to unpack to ${byteLength} bytes, as meta.csv has rows, but it holds more; use the matching meta.csv.`,
        cause,
      );
    throw new ExampleError(
      "idx-malformed",
      `Expected a whole gzip file at ${path}, but unpacking failed (${cause.message}); copy it again.`,
      cause,
    );
  });
}

/**
 * Checks the header and length of IDX bytes and returns a view of the values.
 * @throws {ExampleError} `idx-malformed` naming `path`
 */
export function parseIdx(bytes: Uint8Array, dimensions: readonly number[], path: string): IdxArray {
  const rank = dimensions.length;
  const header = 4 + 4 * rank;
  const expected = `${rank}-dimensional unsigned bytes (${dimensions.join(" × ")})`;
  const refuse = (found: string): never => {
    throw new ExampleError("idx-malformed", `Expected ${expected} in ${path}, found ${found}; use the matching file.`);
  };
  if (bytes.length < header) return refuse(`only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x0800 + rank)
    return refuse(`the header ${view.getUint32(0).toString(16).padStart(8, "0")}`);
  const found = dimensions.map((_, axis) => view.getUint32(4 + 4 * axis));
  if (found.some((size, axis) => size !== dimensions[axis])) return refuse(found.join(" × "));
  const valueCount = dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length !== header + valueCount)
    return refuse(`${bytes.length - header} values: the file is cut or too long`);
  return { dimensions, data: bytes.subarray(header) };
}
