import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";

/** The version of the job directory that hub and trainers agree on. */
export const jobContract = 1;

/**
 * `job.json`: what a trainer is asked. manifest, base: paths inside the job directory · blobs: folder of content-addressed
 * files (`ab/<sha256hex>`) for manifest lines that name a digest · resume: go on from the last checkpoint
 */
export const JobSchema = Type.Object({
  contract: Type.Literal(jobContract),
  recipe: Type.Unknown(),
  manifest: Type.Optional(Type.String()),
  blobs: Type.Optional(Type.String()),
  base: Type.Optional(Type.Object({ backbone: Type.String(), heads: Type.Record(Type.String(), Type.String()) })),
  resume: Type.Optional(Type.Boolean()),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
});
export type Job = Static<typeof JobSchema>;

/**
 * One line of `input/manifest.jsonl`. Exactly one of: path of an encoded image; blob digest of one; pixels, raw RGB of the
 * recipe's size at an offset of a file. labels: class name per head, heads may be missing · weight: of this sample in the
 * loss · role: the half of each batch it belongs to
 */
export const ManifestLineSchema = Type.Object({
  sample: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
  blob: Type.Optional(Type.String({ pattern: "^sha256:[0-9a-f]{64}$" })),
  pixels: Type.Optional(Type.Object({ path: Type.String(), offset: Type.Integer({ minimum: 0 }) })),
  labels: Type.Record(Type.String(), Type.String()),
  weight: Type.Optional(Type.Number({ minimum: 0 })),
  split: Type.Enum(["train", "val"]),
  role: Type.Enum(["old", "field"]),
  tags: Type.Optional(Type.Array(Type.String())),
});
export type ManifestLine = Static<typeof ManifestLineSchema>;

const jobValidator = Compile(JobSchema);
const lineValidator = Compile(ManifestLineSchema);

/** The places of a job directory. */
export function jobPaths(jobDir: string) {
  return {
    job: join(jobDir, "job.json"),
    manifest: join(jobDir, "input", "manifest.jsonl"),
    checkpoint: join(jobDir, "checkpoints", "latest.bin"),
    model: join(jobDir, "model"),
    events: join(jobDir, "output", "events.jsonl"),
    result: join(jobDir, "output", "result.json"),
    failure: join(jobDir, "output", "failure.txt"),
  };
}

/** Reads what a trainer is asked. @throws {HubError} `bad-recipe` */
export async function readJob(jobDir: string): Promise<Job> {
  const { job: file } = jobPaths(jobDir);
  const job: unknown = JSON.parse(await readFile(file, "utf8"));
  if (jobValidator.Check(job)) return job;
  throw new HubError(
    "bad-recipe",
    `Expected ${file} to follow contract ${jobContract}, but ${firstProblem(jobValidator, job)}.`,
  );
}

/** Reads the samples to train with. @throws {HubError} `bad-recipe` naming the line */
export async function readManifest(jobDir: string, job: Job): Promise<readonly ManifestLine[]> {
  const file = inJob(jobDir, job.manifest ?? join("input", "manifest.jsonl"));
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((text, index) => {
    const line: unknown = JSON.parse(text);
    if (lineValidator.Check(line)) return line;
    throw new HubError(
      "bad-recipe",
      `Expected a sample in line ${index + 1} of ${file}, but ${firstProblem(lineValidator, line)}.`,
    );
  });
}

/** A path of the job's description, which counts from the job directory. */
export function inJob(jobDir: string, path: string): string {
  return isAbsolute(path) ? path : join(jobDir, path);
}

function firstProblem(
  validator: { Errors(value: unknown): readonly { instancePath: string; message: string }[] },
  value: unknown,
): string {
  const [error] = validator.Errors(value);
  return error === undefined ? "it does not" : `${error.instancePath || "/"} ${error.message}`;
}
