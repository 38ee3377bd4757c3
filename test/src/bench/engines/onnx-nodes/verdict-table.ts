import type { CaseVerdict } from "./judge-case.ts";

const [oldest, newest] = [7, 22];

/** Why cases were refused: one row a reason, counted over all cases, those that onnxruntime passes, and the promised range. */
export interface RefusalRow {
  readonly code: string;
  readonly operators: readonly string[];
  readonly cases: number;
  readonly passingRaw: number;
  readonly insideRange: number;
}

/** Whether a case lies in the promised range: opset 7–22, every port a tensor of numbers or bools. */
export function isInsideRange({ opset, isNumeric }: CaseVerdict): boolean {
  return opset >= oldest && opset <= newest && isNumeric;
}

/** Refusals by error code, the commonest first. */
export function refusals(verdicts: readonly CaseVerdict[]): readonly RefusalRow[] {
  const refused = verdicts.flatMap((verdict) =>
    verdict.pipeline.kind === "refused" ? [{ ...verdict, code: verdict.pipeline.code }] : [],
  );
  const rows = [...Map.groupBy(refused, ({ code }) => code)].map(([code, of]) => ({
    code,
    operators: [...new Set(of.map(({ op }) => op))].sort(),
    cases: of.length,
    passingRaw: of.filter(({ raw }) => raw === "passes").length,
    insideRange: of.filter(isInsideRange).length,
  }));
  return rows.sort((left, right) => right.cases - left.cases);
}

/** The counts of a run as Markdown. */
export function verdictTable(verdicts: readonly CaseVerdict[]): string {
  const count = (holds: (verdict: CaseVerdict) => boolean) => verdicts.filter(holds).length;
  const passing = verdicts.filter(({ raw }) => raw === "passes");
  const kept = (kind: string) => passing.filter(({ pipeline }) => pipeline.kind === kind).length;
  const lines = [
    ["cases", count(() => true)],
    ["written back byte for byte", count(({ isByteIdentical }) => isByteIdentical)],
    ["onnxruntime-node passes raw", passing.length],
    ["… and gives the same through the float pipeline", kept("same")],
    [
      "… of these at opset 17",
      passing.filter(({ pipeline }) => pipeline.kind === "same" && pipeline.opset === 17).length,
    ],
    ["… and is refused by name", kept("refused")],
    ["… and is wrong", kept("wrong")],
    [
      "it passes only after the float pipeline",
      count(({ raw, pipeline }) => raw !== "passes" && pipeline.kind === "same"),
    ],
    ["the pipeline crashes, on any case", count(({ pipeline }) => pipeline.kind === "crashed")],
  ];
  return [
    "| | cases |",
    "|---|---|",
    ...lines.map(([what, n]) => `| ${what} | ${n} |`),
    "",
    "| refused with | cases | of which pass raw | of which opset 7–22 on tensors | first operators |",
    "|---|---|---|---|---|",
    ...refusals(verdicts).map(
      ({ code, cases, passingRaw, insideRange, operators }) =>
        `| \`${code}\` | ${cases} | ${passingRaw} | ${insideRange} | ${operators.join(", ")} |`,
    ),
  ].join("\n");
}
