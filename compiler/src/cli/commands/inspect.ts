import { Command } from "commander";
import { type Graph, opsetOf, type Value } from "../../graph/graph.ts";
import { inferTypes } from "../../graph/infer-types.ts";
import { printGraph } from "../../graph/print-graph.ts";
import { elementCount } from "../../graph/tensor.ts";
import { isTflite } from "../../tflite/flatbuffer/read-flatbuffer.ts";
import { readModelBytes, readModelFile } from "../model-file.ts";
import { type Print, table } from "../output.ts";
import { tfliteLines, tfliteSummary } from "../tflite-summary.ts";

/** `inspect FILE`: what a model reads and gives, its operators, parameters and bytes, then its graph, one value a line. */
export function inspectCommand(print: Print): Command {
  return new Command("inspect")
    .description("say what an ONNX or TFLite file holds")
    .argument("<file>", "ONNX or TFLite file")
    .option("--json", "print one line of JSON")
    .action(async (path: string, options: { readonly json?: boolean }) => {
      const given = await readModelBytes(path);
      if (isTflite(given)) {
        const found = tfliteSummary(given);
        return print(options, found, () => tfliteLines(found));
      }
      const { graph, bytes } = await readModelFile(path);
      const summary = summaryOf(graph, bytes.length);
      print(options, summary, () => [...linesOf(summary), "", printGraph(inferTypes(graph))]);
    });
}

type Summary = ReturnType<typeof summaryOf>;

function summaryOf(graph: Graph, bytes: number) {
  const tensors = [...graph.initializers.values()];
  const byType = Map.groupBy(tensors, ({ dtype }) => dtype);
  return {
    name: graph.name,
    bytes,
    opset: opsetOf(graph),
    inputs: graph.inputs.map(portOf),
    outputs: graph.outputs.map(portOf),
    parameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    weightBytes: Object.fromEntries(
      [...byType].map(([type, of]) => [type, of.reduce((sum, one) => sum + one.bytes.length, 0)]),
    ),
    operators: Object.fromEntries(
      [...Map.groupBy(graph.nodes, ({ op }) => op)].map(([op, nodes]) => [op, nodes.length]),
    ),
  };
}

function portOf({ name, dtype, shape }: Value) {
  return { name, dtype, shape: shape ?? null };
}

function linesOf(summary: Summary): string[] {
  const port = ({ name, dtype, shape }: Summary["inputs"][number]) => `${name} ${dtype} [${shape?.join(", ") ?? "?"}]`;
  return table([
    ["reads", summary.inputs.map(port).join("; ")],
    ["gives", summary.outputs.map(port).join("; ")],
    ["bytes", `${summary.bytes}, of which weights ${pairs(summary.weightBytes)}`],
    ["parameters", String(summary.parameters)],
    ["operators", pairs(summary.operators)],
    ["opset", String(summary.opset)],
  ]);
}

function pairs(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
