import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type ExternalRange, externalData, type ReadExternalData } from "./external-data.ts";

/**
 * Reads external data from the files in and below one folder, a tensor at a time. No link is followed on the way, and no
 * more is read than the file holds.
 */
export function externalDataIn(folder: string): ReadExternalData {
  return (range) => {
    refuseLinks(folder, range);
    const file = opened(folder, range);
    try {
      return readRange(file, range);
    } finally {
      closeSync(file);
    }
  };
}

function refuseLinks(folder: string, { tensor, location }: ExternalRange): void {
  const names = location.split("/");
  for (const [index] of names.entries()) {
    const path = names.slice(0, index + 1).join("/");
    const entry = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (entry === undefined) throw externalData(tensor, `its file "${location}" is not in ${folder}`);
    if (entry.isSymbolicLink()) throw externalData(tensor, `its file "${location}" is reached by the link "${path}"`);
  }
}

function opened(folder: string, { tensor, location }: ExternalRange): number {
  try {
    return openSync(join(folder, location), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw externalData(tensor, `its file "${location}" in ${folder} cannot be opened`, cause);
  }
}

function readRange(file: number, { tensor, location, offset, length }: ExternalRange): Uint8Array {
  const entry = fstatSync(file);
  if (!entry.isFile()) throw externalData(tensor, `"${location}" is no plain file`);
  if (offset + length > entry.size) {
    throw externalData(
      tensor,
      `it needs ${length} bytes from byte ${offset} of "${location}", which has ${entry.size}`,
    );
  }
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) throw externalData(tensor, `"${location}" became shorter while it was read`);
    done += count;
  }
  return bytes;
}
