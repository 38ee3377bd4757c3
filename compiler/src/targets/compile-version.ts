import { digestOf } from "@fieldloop/devices";
import { type Engine, startEngineHost, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { parseModel } from "../graph/model.ts";
import type { ReadExternalData } from "../onnx/external-data.ts";
import { runPasses } from "../passes/pass.ts";
import { floatPasses } from "../passes/pass-list.ts";
import { calibrationBatchSize, type Observations, observeActivations } from "../quantize/calibrate.ts";
import type { RangeMethod } from "../quantize/range-choice.ts";
import { imageBatches, imageDigest } from "./image-batches.ts";
import type { Target } from "./target.ts";
import { targetNamed } from "./target-list.ts";
import { activationsToObserve, variantBytes } from "./variant-bytes.ts";

/** One trained part of a model version, as ONNX of opset 7 or later. */
export interface CanonicalComponent {
  readonly name: string;
  readonly role: "backbone" | "head";
  readonly bytes: Uint8Array;
  /** Reads weights that lie beside the model; see `externalDataIn`. */
  readonly readExternalData?: ReadExternalData;
}

/** The inputs of one run of a backbone, by name. */
type Inputs = Readonly<Record<string, Tensor>>;

/** What a version is compiled from and for. */
export interface CompileRequest {
  readonly components: readonly CanonicalComponent[];
  /** Target names; see `targets`. */
  readonly targets: readonly string[];
  /** Raw RGB images of the backbone's input size, of old data only; needed as soon as a target is an integer one. */
  readonly calibration?: Iterable<RawImage> | AsyncIterable<RawImage>;
  /** What calibration runs in place of images, for a backbone that reads something else: the inputs of one run each. */
  readonly calibrationInputs?: Iterable<Inputs> | AsyncIterable<Inputs>;
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
  const observations = isQuantizing ? await observed(backbone.graph, chosen, { request, digests }) : undefined;
  const calibrated = observations && { observations, method: request.method ?? "mse" };
  const variants = chosen.flatMap((target) =>
    graphs.map(({ name, role, graph }) => {
      const isInteger = target.format.kind === "int8" && role === "backbone";
      const bytes = naming(name, () => variantBytes(graph, target, isInteger ? calibrated : undefined));
      return { component: name, target: target.name, bytes, digest: digestOf(bytes) };
    }),
  );
  return { variants, calibrationDigests: digests };
}

function simplified({ name, bytes, readExternalData }: CanonicalComponent): Graph {
  return naming(name, () => runPasses(parseModel(bytes, { readExternalData }), floatPasses));
}

/** Does work on a component and names it where that is refused. */
function naming<T>(component: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof CompilerError)) throw cause;
    throw new CompilerError(cause.code, `Cannot compile component "${component}": ${cause.message}`, { cause });
  }
}

async function observed(
  graph: Graph,
  targets: readonly Target[],
  { request, digests }: { readonly request: CompileRequest; readonly digests: Set<string> },
): Promise<Observations> {
  const { calibration, calibrationInputs } = request;
  const names = activationsToObserve(graph, targets);
  const batches = calibrationInputs ?? (calibration && batchesOf(graph, calibration, { names, digests }));
  if (batches === undefined) {
    throw new CompilerError(
      "no-calibration",
      "Expected calibration images because an integer target was asked for, found none; give some, or target ort-cpu-fp32.",
    );
  }
  const engine = request.engine ?? (await startEngineHost());
  try {
    return await observeActivations(graph, engine, batches, names);
  } finally {
    if (request.engine === undefined) await engine.close();
  }
}

async function* batchesOf(
  graph: Graph,
  images: Iterable<RawImage> | AsyncIterable<RawImage>,
  { names, digests }: { readonly names: readonly string[]; readonly digests: Set<string> },
): AsyncGenerator<Record<string, Tensor>> {
  const name = graph.inputs[0]!.name;
  const size = calibrationBatchSize(graph, names);
  for await (const { tensor, members } of imageBatches(images, graph.inputs[0]!.shape ?? [], size)) {
    for (const member of members) digests.add(imageDigest(member));
    yield { [name]: tensor };
  }
}
