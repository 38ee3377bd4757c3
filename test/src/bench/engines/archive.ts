import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const blockBytes = 512;

/** The files of a gzipped tar archive by name (POSIX.1-1988 ustar; names up to 100 bytes, as the data sets have them). */
export function archiveAt(path: string): ReadonlyMap<string, Uint8Array> {
  const tar = gunzipSync(readFileSync(path));
  const text = (from: number, to: number) => tar.toString("latin1", from, to).replace(/\0.*$/s, "");
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + blockBytes <= tar.length && text(at, at + 100) !== ""; ) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    if (text(at + 156, at + 157) !== "5")
      files.set(text(at, at + 100), tar.subarray(at + blockBytes, at + blockBytes + size));
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}
