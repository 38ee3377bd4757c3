import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CompilerError } from "../errors.ts";
import type { CompiledVersion } from "../targets/compile-version.ts";
import { isTflite } from "../tflite/flatbuffer/read-flatbuffer.ts";
import type { VariantFiles } from "../verify/variant-bench.ts";

/** What `compiled.json` beside the variants says of them. */
export interface CompiledIndex {
  readonly v: 1;
  readonly variants: readonly CompiledEntry[];
  /** Images that set the ranges, named by their pixels: no figure may be measured on them. */
  readonly calibrationDigests: readonly string[];
}

/** One written variant. */
export interface CompiledEntry {
  readonly component: string;
  readonly target: string;
  readonly file: string;
  readonly bytes: number;
  readonly digest: string;
}

const indexName = "compiled.json";

/** Writes every variant as `<component>.<target>.onnx` or `.tflite` and the index beside them; returns the index. */
export async function writeCompiled(dir: string, compiled: CompiledVersion): Promise<CompiledIndex> {
  await mkdir(dir, { recursive: true });
  const variants: CompiledEntry[] = [];
  for (const { component, target, bytes, digest } of compiled.variants) {
    const file = `${component}.${target}.${isTflite(bytes) ? "tflite" : "onnx"}`;
    await writeFile(join(dir, file), bytes);
    variants.push({ component, target, file, bytes: bytes.length, digest });
  }
  const index: CompiledIndex = { v: 1, variants, calibrationDigests: [...compiled.calibrationDigests].sort() };
  await writeFile(join(dir, indexName), `${JSON.stringify(index, undefined, 2)}\n`);
  return index;
}

/** Reads a folder that `compile` wrote. @throws {CompilerError} `unreadable-input` */
export async function readCompiled(
  dir: string,
): Promise<{ readonly variants: readonly VariantFiles[]; readonly calibrationDigests: ReadonlySet<string> }> {
  try {
    // Written by the function above; a damaged one fails on the first field that is read.
    const index = JSON.parse(await readFile(join(dir, indexName), "utf8")) as CompiledIndex;
    const byTarget = Map.groupBy(index.variants, ({ target }) => target);
    const variants: VariantFiles[] = [];
    for (const [target, entries] of byTarget) {
      const components = [];
      for (const { component, file, digest } of entries) {
        components.push({ component, digest, bytes: await readFile(join(dir, file)) });
      }
      variants.push({ target, components });
    }
    return { variants, calibrationDigests: new Set(index.calibrationDigests) };
  } catch (cause) {
    throw new CompilerError(
      "unreadable-input",
      `Expected a folder written by "fieldloop-compile compile" at ${dir}, but its ${indexName} or a variant cannot be read; compile again.`,
      { cause },
    );
  }
}
