import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type PreprocessSpec, preprocess } from "@fieldloop/edge-runtime/operators";
import { HubError } from "../errors.ts";
import { inJob, type Job, type ManifestLine } from "./job-directory.ts";

/** All images of a job as rows of RGB bytes, one behind the other: image i starts at i · size² · 3. */
export interface TrainingImages {
  readonly size: number;
  readonly pixels: Uint8Array;
}

const decodedAtOnce = 8;

/**
 * Reads every image of a manifest through the preprocessing that devices use; each is decoded once.
 * @throws {HubError} `bad-image` naming the sample
 */
export async function readTrainingImages(
  jobDir: string,
  job: Job,
  lines: readonly ManifestLine[],
  size: number,
): Promise<TrainingImages> {
  const bytesPerImage = size * size * 3;
  const pixels = new Uint8Array(lines.length * bytesPerImage);
  const reader = new ImageReader(jobDir, job, { operator: "resize-rgb", version: 1, width: size, height: size });
  let next = 0;
  const work = async () => {
    for (let index = next++; index < lines.length; index = next++) {
      pixels.set(await reader.read(lines[index]!), index * bytesPerImage);
    }
  };
  try {
    await Promise.all(Array.from({ length: decodedAtOnce }, work));
  } finally {
    await reader.close();
  }
  return { size, pixels };
}

class ImageReader {
  readonly #jobDir: string;
  readonly #job: Job;
  readonly #spec: PreprocessSpec;
  readonly #files = new Map<string, ReturnType<typeof open>>();

  constructor(jobDir: string, job: Job, spec: PreprocessSpec) {
    this.#jobDir = jobDir;
    this.#job = job;
    this.#spec = spec;
  }

  async read(line: ManifestLine): Promise<Uint8Array> {
    try {
      if (line.pixels !== undefined) return await this.#readRaw(line.pixels);
      return (await preprocess(this.#spec, new Uint8Array(await readFile(this.#encodedPath(line))))).data;
    } catch (cause) {
      const name = line.sample ?? line.path ?? line.blob ?? line.pixels?.path;
      throw new HubError("bad-image", `Cannot read the image of sample ${name}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await (await file).close();
  }

  #encodedPath({ path, blob }: ManifestLine): string {
    if (path !== undefined) return inJob(this.#jobDir, path);
    const hex = blob?.slice("sha256:".length);
    if (hex === undefined) throw new Error("its manifest line names neither path, blob nor pixels.");
    return join(inJob(this.#jobDir, this.#job.blobs ?? "blobs"), hex.slice(0, 2), hex);
  }

  async #readRaw({ path, offset }: { path: string; offset: number }): Promise<Uint8Array> {
    const full = inJob(this.#jobDir, path);
    const opening = this.#files.get(full) ?? open(full);
    this.#files.set(full, opening);
    const bytes = new Uint8Array(this.#spec.width * this.#spec.height * 3);
    const { bytesRead } = await (await opening).read(bytes, 0, bytes.length, offset);
    if (bytesRead === bytes.length) return bytes;
    throw new Error(`expected ${bytes.length} bytes at ${offset} of ${full}, but ${bytesRead} are there.`);
  }
}
