import { digestOf } from "@fieldloop/devices";
import { type Engine, startEngineHost, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { parseModel, serializeModel } from "../graph/model.ts";
import type { ReadExternalData } from "../onnx/external-data.ts";
import { runPasses } from "../passes/pass.ts";
import { finishingPasses, floatPasses } from "../passes/pass-list.ts";
import { type Observations, observeActivations } from "../quantize/calibrate.ts";
import { lowerToQdq } from "../quantize/lower-to-qdq.ts";
import { planQuantization } from "../quantize/plan-quantization.ts";
import type { RangeMethod } from "../quantize/range-choice.ts";
import { imageBatches, imageDigest } from "./image-batches.ts";
import type { IntegerFormat } from "./target.ts";
import { targetNamed } from "./target-list.ts";

/** One trained part of a model version, as ONNX of opset 7 or later. */
export interface CanonicalComponent {
  readonly name: string;
  readonly role: "backbone" | "head";
  readonly bytes: Uint8Array;
  /** Reads weights that lie beside the model; see `externalDataIn`. */
  readonly readExternalData?: ReadExternalData;
}

/** What a version is compiled from and for. */
export interface CompileRequest {
  readonly components: readonly CanonicalComponent[];
  /** Target names; see `targets`. */
  readonly targets: readonly string[];
  /** Raw RGB images of the backbone's input size, of old data only; needed as soon as a target is an integer one. */
  readonly calibration?: Iterable<RawImage> | AsyncIterable<RawImage>;
  /** How activation ranges are chosen; `mse` unless said otherwise. */
  readonly method?: RangeMethod;
  /** The engine that calibration runs in; an engine host of its own unless given. */
  readonly engine?: Engine;
}

/** One component compiled for one target. */
export interface CompiledVariant {
  readonly component: string;
  readonly target: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** What compiling gave; `calibrationDigests` name the images that no figure may be measured on. */
export interface CompiledVersion {
  readonly variants: readonly CompiledVariant[];
  readonly calibrationDigests: ReadonlySet<string>;
}

/**
 * Compiles every component of a version for every target; the same request gives the same bytes.
 * @throws {CompilerError} `unknown-target`, `no-calibration`, `malformed-model`, `invalid-graph`, `shape-mismatch`, `unsupported-opset`,
 *   `unsupported-operator`, `control-flow`, `external-data`, `sparse-weights`
 */
export async function compileVersion(request: CompileRequest): Promise<CompiledVersion> {
  const chosen = request.targets.map(targetNamed);
  const graphs = request.components.map((component) => ({ ...component, graph: simplified(component) }));
  const backbone = graphs.find(({ role }) => role === "backbone");
  const isQuantizing = backbone !== undefined && chosen.some(({ format }) => format.kind === "int8");
  const digests = new Set<string>();
  const observations = isQuantizing ? await observed(backbone.graph, request, digests) : undefined;
  const variants = chosen.flatMap((target) =>
    graphs.map(({ name, role, graph }) => {
      const isInteger = target.format.kind === "int8" && role === "backbone";
      const lowered = isInteger
        ? quantized(graph, observations!, target.format as IntegerFormat, request.method)
        : graph;
      const bytes = serializeModel(runPasses(lowered, finishingPasses));
      return { component: name, target: target.name, bytes, digest: digestOf(bytes) };
    }),
  );
  return { variants, calibrationDigests: digests };
}

function simplified({ name, bytes, readExternalData }: CanonicalComponent): Graph {
  try {
    return runPasses(parseModel(bytes, { readExternalData }), floatPasses);
  } catch (cause) {
    if (!(cause instanceof CompilerError)) throw cause;
    throw new CompilerError(cause.code, `Cannot compile component "${name}": ${cause.message}`, { cause });
  }
}

function quantized(
  graph: Graph,
  observations: Observations,
  { weightBits }: IntegerFormat,
  method: RangeMethod = "mse",
): Graph {
  const plan = planQuantization(graph, observations, { weightBits, method });
  return runPasses(graph, [lowerToQdq(plan)]);
}

async function observed(graph: Graph, request: CompileRequest, digests: Set<string>): Promise<Observations> {
  const { calibration } = request;
  if (calibration === undefined) {
    throw new CompilerError(
      "no-calibration",
      "Expected calibration images because an integer target was asked for, found none; give some, or target ort-cpu-fp32.",
    );
  }
  const engine = request.engine ?? (await startEngineHost());
  try {
    return await observeActivations(graph, engine, batchesOf(graph, calibration, digests));
  } finally {
    if (request.engine === undefined) await engine.close();
  }
}

async function* batchesOf(
  graph: Graph,
  images: Iterable<RawImage> | AsyncIterable<RawImage>,
  digests: Set<string>,
): AsyncGenerator<Record<string, Tensor>> {
  const name = graph.inputs[0]!.name;
  for await (const { tensor, members } of imageBatches(images, graph.inputs[0]!.shape ?? [])) {
    for (const member of members) digests.add(imageDigest(member));
    yield { [name]: tensor };
  }
}
