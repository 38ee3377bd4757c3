import type { Graph } from "../graph/graph.ts";
import { serializeModel } from "../graph/model.ts";
import { runPasses } from "../passes/pass.ts";
import { finishingPasses } from "../passes/pass-list.ts";
import { calibratedActivations, type Observations } from "../quantize/calibrate.ts";
import { lowerToQdq } from "../quantize/lower-to-qdq.ts";
import { planQuantization } from "../quantize/plan-quantization.ts";
import type { RangeMethod } from "../quantize/range-choice.ts";
import { exportTflite } from "../tflite/export/export-tflite.ts";
import { planForTflite, tfliteActivations } from "../tflite/export/plan-tflite.ts";
import type { IntegerFormat, Target } from "./target.ts";

/** What calibration saw, and how ranges are chosen from it. */
export interface Calibrated {
  readonly observations: Observations;
  readonly method: RangeMethod;
}

/**
 * The file of one simplified graph for a target: in integers where calibration is given, else in floats. The same graph gives
 * the same bytes.
 * @throws {CompilerError} `unsupported-operator` or `shape-mismatch` where the target's format cannot hold the graph
 */
export function variantBytes(graph: Graph, target: Target, calibrated?: Calibrated): Uint8Array {
  return target.engine === "tflite" ? tfliteBytes(graph, calibrated) : onnxBytes(graph, target, calibrated);
}

/** The activations of a graph whose ranges the integer targets among these need, each once. */
export function activationsToObserve(graph: Graph, targets: readonly Target[]): readonly string[] {
  const engines = new Set(targets.filter(({ format }) => format.kind === "int8").map(({ engine }) => engine));
  const names = new Set([
    ...(engines.has("onnxruntime") ? calibratedActivations(graph) : []),
    ...(engines.has("tflite") ? tfliteActivations(graph) : []),
  ]);
  return [...names];
}

function tfliteBytes(graph: Graph, calibrated: Calibrated | undefined): Uint8Array {
  if (calibrated === undefined) return exportTflite(graph);
  return exportTflite(graph, planForTflite(graph, calibrated.observations, calibrated.method));
}

function onnxBytes(graph: Graph, { format }: Target, calibrated: Calibrated | undefined): Uint8Array {
  if (calibrated === undefined) return serializeModel(runPasses(graph, finishingPasses));
  const { observations, method } = calibrated;
  // Calibration is given for integer formats only.
  const { weightBits } = format as IntegerFormat;
  const plan = planQuantization(graph, observations, { weightBits, method });
  return serializeModel(runPasses(graph, [lowerToQdq(plan), ...finishingPasses]));
}
