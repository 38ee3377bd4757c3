import type { Bench, BenchOptions, BenchOutcome, BenchResult } from "../bench.ts";
import { datasetFolder } from "../datasets.ts";
import { type CaseVerdict, judgeCase } from "./onnx-nodes/judge-case.ts";
import { judgeTypes, type TypeVerdict } from "./onnx-nodes/judge-types.ts";
import { readNodeCases, type suites } from "./onnx-nodes/node-cases.ts";
import { NodeRunner } from "./onnx-nodes/node-runner.ts";
import { isInsideRange, verdictTable } from "./onnx-nodes/verdict-table.ts";

/** Every ONNX node case through the codec and the float pipeline, beside onnxruntime on the file as it is. */
export const onnxNodesBench: Bench = {
  name: "onnx-nodes",
  about: "the ONNX node cases: written back byte for byte, and the same answer through the float pipeline",
  run,
};

async function run({ log }: BenchOptions): Promise<BenchOutcome> {
  const found = datasetFolder("onnx-node-tests");
  if ("why" in found) return { results: [], skipped: [{ id: "onnx-nodes", why: found.why }] };
  const node = await judgeAll(found.dir, "node");
  log(`\n${verdictTable(node.verdicts)}\n`);
  const exported = await judgeAll(found.dir, "exported");
  log(`layers and networks of old exporters:\n\n${verdictTable(exported.verdicts)}\n`);
  for (const { name, pipeline } of [...node.verdicts, ...exported.verdicts]) {
    if (pipeline.kind === "wrong" || pipeline.kind === "crashed") log(`${pipeline.kind}: ${name}: ${pipeline.why}`);
  }
  return { results: [...resultsOf(node, "onnx-nodes"), ...resultsOf(exported, "onnx-nodes.exported")], skipped: [] };
}

interface Judged {
  readonly verdicts: readonly CaseVerdict[];
  readonly types: readonly TypeVerdict[];
}

async function judgeAll(folder: string, suite: keyof typeof suites): Promise<Judged> {
  const runner = new NodeRunner();
  const verdicts: CaseVerdict[] = [];
  const types: TypeVerdict[] = [];
  for (const nodeCase of readNodeCases(folder, suite)) {
    verdicts.push(await judgeCase(nodeCase, runner));
    const judged = await judgeTypes(nodeCase, runner);
    if (judged !== undefined) types.push(judged);
  }
  runner.close();
  return { verdicts, types };
}

function resultsOf({ verdicts, types }: Judged, id: string): BenchResult[] {
  const passing = verdicts.filter(({ raw }) => raw === "passes");
  const kinds = (kind: string) => verdicts.filter(({ pipeline }) => pipeline.kind === kind);
  const refusedInside = kinds("refused").filter(isInsideRange).filter(isNoControlFlow);
  const same = passing.filter(({ pipeline }) => pipeline.kind === "same");
  const gained = kinds("same").filter(({ raw }) => raw !== "passes");
  const identical = verdicts.filter(({ isByteIdentical }) => isByteIdentical);
  const counted = (name: string, what: string, value: number, goal: number | "none", note = ""): BenchResult => ({
    id: `${id}.${name}`,
    what,
    value,
    unit: "cases",
    goal: String(goal),
    met: goal === "none" ? null : value === goal,
    n: verdicts.length,
    note,
  });
  return [
    counted("identical", "models written back byte for byte", identical.length, verdicts.length),
    counted("raw", "cases that onnxruntime-node passes as they are", passing.length, "none"),
    counted(
      "same",
      "of these, the same answer through the float pipeline",
      same.length,
      "none",
      "the others are refused",
    ),
    counted("gained", "cases that pass only once compiled", gained.length, "none", "onnxruntime has no old kernels"),
    counted("refused", "all that the pipeline refuses by a named error", kinds("refused").length, "none"),
    counted("refused-inside", "refused inside opset 7–22 on tensors, but for control flow", refusedInside.length, 0),
    counted("wrong", "another answer, or a file that onnxruntime refuses", kinds("wrong").length, 0),
    counted("crashing", "an error of the pipeline that is no refusal", kinds("crashed").length, 0),
    typeResult(types, `${id}.types-wrong`),
  ];
}

function typeResult(types: readonly TypeVerdict[], id: string): BenchResult {
  const value = types.reduce((sum, { contradicted }) => sum + contradicted.length, 0);
  const n = types.reduce((sum, { stated }) => sum + stated, 0);
  const what = "values whose type or size, inferred from the inputs alone, a run contradicts";
  return { id, what, value, unit: "values", goal: "0", met: value === 0, n, note: `in ${types.length} models` };
}

function isNoControlFlow({ pipeline }: CaseVerdict): boolean {
  return pipeline.kind !== "refused" || pipeline.code !== "control-flow";
}
