import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CanonicalComponent } from "@fieldloop/compiler";
import {
  canonicalBytes,
  digestOf,
  IdentifierSchema,
  type PreprocessSpec,
  PreprocessSpecSchema,
} from "@fieldloop/devices";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";
import type { BenchModel, ModelBench } from "../evaluation/model-bench.ts";
import { compileReference } from "./bench-version.ts";

const FileSchema = Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,127}$" });
const DescriptionSchema = Type.Object({
  contract: Type.Literal(1),
  backbone: FileSchema,
  embeddingSize: Type.Integer({ minimum: 1, maximum: 4096 }),
  heads: Type.Array(
    Type.Object({
      name: IdentifierSchema,
      file: FileSchema,
      classes: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 2, maxItems: 4096 }),
    }),
    { minItems: 1, maxItems: 64 },
  ),
  preprocess: PreprocessSpecSchema,
});
const validator = Compile(DescriptionSchema);

/** A trained model as its job left it: what it says of itself, and the canonical ONNX of each part. */
export type TrainedModel = {
  readonly preprocess: PreprocessSpec;
  readonly embeddingSize: number;
  readonly heads: readonly { readonly name: string; readonly classes: readonly string[] }[];
  readonly components: readonly CanonicalComponent[];
  /** What the backbone offers and the heads need: its output's size, and which backbone it is. */
  readonly interface: string;
};

const backboneName = "backbone";

/** Reads `model/` of a job's folder. @throws {HubError} `bad-model` */
export async function readTrainedModel(folder: string): Promise<TrainedModel> {
  const description: unknown = await readFile(join(folder, "model.json"), "utf8").then(JSON.parse, () => undefined);
  if (!validator.Check(description)) {
    const first = validator.Errors(description)[0];
    throw new HubError(
      "bad-model",
      `Expected model/model.json of the training job by contract 1; at "${first?.instancePath ?? "/"}" it ${first?.message ?? "is missing"}.`,
    );
  }
  const read = async (file: string) => new Uint8Array(await readFile(join(folder, file)));
  const backbone = { name: backboneName, role: "backbone" as const, bytes: await read(description.backbone) };
  const heads = await Promise.all(
    description.heads.map(async ({ name, file }) => ({ name, role: "head" as const, bytes: await read(file) })),
  );
  const { preprocess, embeddingSize } = description;
  const offered = { v: 1, output: "embedding", size: embeddingSize, backbone: digestOf(backbone.bytes) };
  return {
    preprocess,
    embeddingSize,
    heads: description.heads.map(({ name, classes }) => ({ name, classes })),
    components: [backbone, ...heads],
    interface: digestOf(canonicalBytes(offered)),
  };
}

/**
 * Proves that a model loads, answers two grey images, and that its outputs have the shapes it claims.
 * @throws {HubError} `bad-model`
 */
export async function proveModel(bench: ModelBench, model: TrainedModel, key: string): Promise<BenchModel> {
  const runnable = { key, heads: model.heads.map(({ name }) => name), graphs: await loadable(model) };
  const { width, height } = model.preprocess;
  const grey = { width, height, data: new Uint8Array(width * height * 3).fill(128) };
  const answers = await bench.answer(runnable, [grey, grey]).catch((cause: unknown) => {
    throw badModel(`it does not run: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  for (const { embedding, heads } of answers) {
    requireShape("embedding", embedding, model.embeddingSize);
    for (const { name, classes } of model.heads) requireShape(name, heads[name], classes.length);
  }
  return runnable;
}

async function loadable(model: TrainedModel) {
  try {
    return await compileReference(model.components);
  } catch (cause) {
    throw badModel(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function requireShape(name: string, values: Float32Array | undefined, size: number): void {
  if (values?.length === size && values.every(Number.isFinite)) return;
  throw badModel(`its output ${name} should hold ${size} finite numbers per image, it holds ${values?.length ?? 0}`);
}

const badModel = (why: string, cause?: unknown): HubError =>
  new HubError("bad-model", `Expected a trained model that can be registered: ${why}.`, { cause });
