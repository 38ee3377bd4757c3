import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { EdgeRuntimeError } from "../errors.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import { readSigned } from "./signed-files.ts";

/** Takes a release from a bundle's folder: `manifest.json`, `manifest.sig.json` and `blobs/<sha256 hex>`. */
export function folderFetcher(dir: string): ReleaseFetcher {
  return {
    manifest: () => readSigned(dir, "manifest"),
    async blob({ digest, bytes }, fromByte) {
      const path = join(dir, "blobs", digest.slice("sha256:".length));
      const found = await stat(path).catch(() => undefined);
      if (!found?.isFile() || found.size < bytes) {
        throw new EdgeRuntimeError(
          "fetch-refused",
          `Expected the file ${path} of ${bytes} bytes in the bundle, found ${found?.size ?? "none"}; copy the bundle again.`,
        );
      }
      return { offset: fromByte, chunks: createReadStream(path, { start: fromByte }) };
    },
  };
}
