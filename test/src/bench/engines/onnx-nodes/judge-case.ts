import {
  CompilerError,
  type CompilerErrorCode,
  compileVersion,
  decodeMessage,
  encodeMessage,
  opsetOf,
  parseModel,
  type Tensor,
} from "@fieldloop/compiler";
import { feedsOf } from "./feeds.ts";
import type { NodeCase } from "./node-cases.ts";
import type { NodeRunner, RunOutcome } from "./node-runner.ts";
import { isSame } from "./same-answer.ts";

/** How a case fared in onnxruntime as it is: it gave the expected answer, another one, an error, or ended the process. */
export type RawOutcome = "passes" | "differs" | "fails" | "crashes";

/** How a case fared through the float pipeline. */
export type PipelineOutcome =
  /** It answers as the suite says, also where the file as it is did not. */
  | { readonly kind: "same"; readonly opset: number }
  /** It is compiled, but onnxruntime answers neither before nor after as the suite says. */
  | { readonly kind: "unjudged"; readonly opset: number }
  | { readonly kind: "refused"; readonly code: CompilerErrorCode; readonly message: string }
  /** The file as it is passes, but what was compiled answers otherwise or is refused by the engine. */
  | { readonly kind: "wrong"; readonly why: string }
  | { readonly kind: "crashed"; readonly why: string };

/** All that one case showed. opset: of the standard domain · op: of the first node */
export interface CaseVerdict {
  readonly name: string;
  readonly op: string;
  readonly opset: number;
  /** Whether every port is a tensor and none of strings. */
  readonly isNumeric: boolean;
  readonly isByteIdentical: boolean;
  readonly raw: RawOutcome;
  readonly pipeline: PipelineOutcome;
}

/** Re-encodes one case, runs it as it is and through the float pipeline. */
export async function judgeCase(
  nodeCase: NodeCase,
  runner: NodeRunner,
  compile: (model: Uint8Array) => Promise<Uint8Array> = compileFloat,
): Promise<CaseVerdict> {
  const { name, model, decoded } = nodeCase;
  const feeds = feedsOf(nodeCase);
  const run = async (bytes: Uint8Array): Promise<RunOutcome> =>
    feeds === undefined ? { error: "a port is no tensor" } : runner.run({ model: bytes, inputs: feeds.inputs });
  const whyNot = (outcome: RunOutcome) => whyNotExpected(outcome, feeds?.outputs ?? []);
  const rawAnswer = await run(model);
  const raw = rawOutcome(rawAnswer, whyNot(rawAnswer));
  const opset = decoded.opsetImport?.find(({ domain }) => (domain ?? "") === "" || domain === "ai.onnx");
  return {
    name,
    op: decoded.graph?.node?.[0]?.opType ?? "",
    opset: Number(opset?.version ?? 0),
    isNumeric: isNumeric(nodeCase),
    isByteIdentical: Buffer.compare(encodeMessage("Model", decodeMessage("Model", model)), model) === 0,
    raw,
    pipeline: await throughPipeline(compile(model), raw, async (bytes) => whyNot(await run(bytes))),
  };
}

/** What `ort-cpu-fp32` makes of a model: every pass of the float pipeline. */
async function compileFloat(bytes: Uint8Array): Promise<Uint8Array> {
  const components = [{ name: "case", role: "head", bytes } as const];
  const { variants } = await compileVersion({ components, targets: ["ort-cpu-fp32"] });
  return variants[0]!.bytes;
}

async function throughPipeline(
  compiling: Promise<Uint8Array>,
  raw: RawOutcome,
  judge: (compiled: Uint8Array) => Promise<string | undefined>,
): Promise<PipelineOutcome> {
  try {
    const compiled = await compiling;
    const why = await judge(compiled);
    if (why !== undefined && raw === "passes") return { kind: "wrong", why };
    return { kind: why === undefined ? "same" : "unjudged", opset: opsetOf(parseModel(compiled)) };
  } catch (error) {
    // Our passes turn anything that goes wrong inside them into `invalid-graph`: that is a fault of theirs, not a refusal.
    if (error instanceof CompilerError && error.code !== "invalid-graph" && error.code !== "shape-mismatch") {
      return { kind: "refused", code: error.code, message: error.message };
    }
    return { kind: "crashed", why: error instanceof Error ? error.message : String(error) };
  }
}

function rawOutcome(answer: RunOutcome, why: string | undefined): RawOutcome {
  if ("crash" in answer) return "crashes";
  if ("error" in answer) return "fails";
  return why === undefined ? "passes" : "differs";
}

function whyNotExpected(answer: RunOutcome, expected: readonly (readonly [string, Tensor])[]): string | undefined {
  if ("crash" in answer) return `the engine's process ended: ${answer.crash}`;
  if ("error" in answer) return answer.error;
  const different = expected.find(([name, tensor]) => !isSame(answer.outputs.get(name), tensor));
  return different && `"${different[0]}" is not what was expected`;
}

const stringType = 8;

function isNumeric({ decoded }: NodeCase): boolean {
  const { input = [], output = [] } = decoded.graph ?? {};
  return [...input, ...output].every(({ type }) => (type?.tensorType?.elemType ?? stringType) !== stringType);
}
