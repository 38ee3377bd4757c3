import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CanonicalComponent } from "@fieldloop/compiler";
import { type FitCard, FitCardSchema } from "@fieldloop/devices";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";

/** An image that a variant is judged on. label: class index of the judged head, where it is known */
export type JudgedFrame = { readonly image: RawImage; readonly unit: string; readonly label: number | undefined };

/** What a compile job works on: read and written through its folder, so that it can run in a process of its own. */
export type CompileWork = {
  readonly components: readonly CanonicalComponent[];
  readonly targets: readonly string[];
  readonly head: string;
  readonly calibration: readonly RawImage[];
  readonly judged: readonly JudgedFrame[];
};

/** What a compile job made: the files of each target by component, and its fit card. */
export type CompiledTarget = {
  readonly target: string;
  readonly components: Readonly<Record<string, { readonly digest: string; readonly bytes: Uint8Array }>>;
  readonly fitCard: FitCard;
};

const WorkSchema = Type.Object({
  v: Type.Literal(1),
  components: Type.Array(Type.Object({ name: Type.String(), role: Type.Enum(["backbone", "head"]) })),
  targets: Type.Array(Type.String()),
  head: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  calibration: Type.Integer(),
  judged: Type.Array(Type.Object({ unit: Type.String(), label: Type.Union([Type.Integer(), Type.Null()]) })),
});
const ResultSchema = Type.Array(
  Type.Object({ target: Type.String(), components: Type.Record(Type.String(), Type.String()), fitCard: FitCardSchema }),
);
const workValidator = Compile(WorkSchema);
const resultValidator = Compile(ResultSchema);

/** Writes a compile job's inputs into its folder. */
export async function writeCompileWork(folder: string, work: CompileWork): Promise<void> {
  await mkdir(join(folder, "output"), { recursive: true });
  for (const { name, bytes } of work.components) await writeFile(join(folder, `${name}.onnx`), bytes);
  const images = [...work.calibration, ...work.judged.map(({ image }) => image)];
  await writeFile(join(folder, "images.rgb"), Buffer.concat(images.map(({ data }) => data)));
  const description: Static<typeof WorkSchema> = {
    v: 1,
    components: work.components.map(({ name, role }) => ({ name, role })),
    targets: [...work.targets],
    head: work.head,
    width: images[0]?.width ?? 1,
    height: images[0]?.height ?? 1,
    calibration: work.calibration.length,
    judged: work.judged.map(({ unit, label }) => ({ unit, label: label ?? null })),
  };
  await writeFile(join(folder, "work.json"), JSON.stringify(description));
}

/** Reads a compile job's inputs from its folder. @throws {HubError} `job-failed` */
export async function readCompileWork(folder: string): Promise<CompileWork> {
  const work: unknown = JSON.parse(await readFile(join(folder, "work.json"), "utf8"));
  if (!workValidator.Check(work)) throw malformed(folder, "work.json");
  const { width, height } = work;
  const pixels = new Uint8Array(await readFile(join(folder, "images.rgb")));
  const size = width * height * 3;
  const image = (index: number): RawImage => ({ width, height, data: pixels.slice(index * size, (index + 1) * size) });
  const components = await Promise.all(
    work.components.map(async ({ name, role }) => ({
      name,
      role,
      bytes: new Uint8Array(await readFile(join(folder, `${name}.onnx`))),
    })),
  );
  return {
    components,
    targets: work.targets,
    head: work.head,
    calibration: Array.from({ length: work.calibration }, (_, index) => image(index)),
    judged: work.judged.map(({ unit, label }, index) => ({
      unit,
      label: label ?? undefined,
      image: image(work.calibration + index),
    })),
  };
}

/** Writes what a compile job made into its folder. */
export async function writeCompiled(folder: string, compiled: readonly CompiledTarget[]): Promise<void> {
  for (const { components } of compiled) {
    for (const { digest, bytes } of Object.values(components))
      await writeFile(join(folder, "output", fileOf(digest)), bytes);
  }
  const result = compiled.map(({ target, components, fitCard }) => ({
    target,
    fitCard,
    components: Object.fromEntries(Object.entries(components).map(([name, { digest }]) => [name, digest])),
  }));
  await writeFile(join(folder, "output", "result.json"), JSON.stringify(result));
}

/** Reads what a compile job made. @throws {HubError} `job-failed` */
export async function readCompiled(folder: string): Promise<CompiledTarget[]> {
  const result: unknown = JSON.parse(await readFile(join(folder, "output", "result.json"), "utf8"));
  if (!resultValidator.Check(result)) throw malformed(folder, "output/result.json");
  return Promise.all(
    result.map(async ({ target, components, fitCard }) => ({
      target,
      fitCard,
      components: Object.fromEntries(
        await Promise.all(
          Object.entries(components).map(async ([name, digest]) => {
            const bytes = new Uint8Array(await readFile(join(folder, "output", fileOf(digest))));
            return [name, { digest, bytes }] as const;
          }),
        ),
      ),
    })),
  );
}

const fileOf = (digest: string): string => `${digest.slice("sha256:".length)}.onnx`;

const malformed = (folder: string, file: string): HubError =>
  new HubError(
    "job-failed",
    `Expected ${file} of the compile job in ${folder} by its schema, got something else; compile again.`,
  );
