import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { serializeModel } from "../../graph/model.ts";
import { mergeModels } from "../../merge/merge-models.ts";
import { readModelFile } from "../model-file.ts";
import { type Print, table } from "../output.ts";

/** `merge FILE...`: one backbone for what several models compute alike, and a head for what each adds. */
export function mergeCommand(print: Print): Command {
  return new Command("merge")
    .description("find what models share; write one backbone and a head for each")
    .argument("<file...>", "ONNX files; each one's name becomes its head's")
    .option("--out <folder>", "where to write", "merged")
    .option("--json", "print one line of JSON")
    .action(async (paths: readonly string[], options: { readonly out: string; readonly json?: boolean }) => {
      const files = await Promise.all(paths.map((path) => readModelFile(path)));
      const merge = mergeModels(files.map(({ name, graph }) => ({ name, graph })));
      const parts = [{ name: "backbone", graph: merge.backbone }, ...merge.heads].map(({ name, graph }) => {
        return { name, graph, bytes: serializeModel(graph) };
      });
      await mkdir(options.out, { recursive: true });
      for (const { name, bytes } of parts) await writeFile(join(options.out, `${name}.onnx`), bytes);
      const before = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const after = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const found = {
        interface: merge.interface,
        sharedNodes: merge.shared,
        bytesBefore: before,
        bytesAfter: after,
        parts: parts.map(({ name, graph, bytes }) => ({ name, nodes: graph.nodes.length, bytes: bytes.length })),
      };
      print(options, found, () => [
        ...table([
          ["part", "nodes", "bytes"],
          ...found.parts.map(({ name, nodes, bytes }) => [name, String(nodes), String(bytes)]),
        ]),
        `${merge.shared} operators are shared; ${after} bytes instead of ${before}. Interface ${merge.interface}.`,
      ]);
    });
}
