import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inferTypes } from "../graph/infer-types.ts";
import { serializeModel } from "../graph/model.ts";
import { printGraph } from "../graph/print-graph.ts";
import { runPasses } from "../passes/pass.ts";
import { passesUpTo } from "../passes/pass-list.ts";
import type { ModelFile } from "./model-file.ts";

/**
 * Runs the float pipeline up to a pass and writes each graph as `<component>.after-<pass>.onnx`, a model that runs: where one
 * gives other answers than the one before, the pass between is at fault.
 */
export async function stopAfter(
  files: readonly ModelFile[],
  pass: string,
  dir: string,
): Promise<{ readonly written: readonly string[]; readonly text: readonly string[] }> {
  await mkdir(dir, { recursive: true });
  const written: string[] = [];
  const text: string[] = [];
  for (const { name, graph } of files) {
    const stopped = runPasses(graph, passesUpTo(pass));
    const path = join(dir, `${name}.after-${pass}.onnx`);
    await writeFile(path, serializeModel(stopped));
    written.push(path);
    text.push(`${path}:`, printGraph(inferTypes(stopped)), "");
  }
  return { written, text };
}
