import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";

/** Unpacks a bundle that the hub made into an empty folder, as one would onto a stick. */
export async function unpackBundle(tar: Uint8Array, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const path = join(folder, normalize(`/${entry.header.name}`));
    if (entry.header.type !== "file") {
      entry.resume();
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.concat(chunks));
  }
}
