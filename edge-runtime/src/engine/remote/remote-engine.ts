import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EdgeRuntimeError } from "../../errors.ts";
import type { Engine, GraphSource, Port } from "../engine.ts";
import { type OpenedGraph, openGraphChain } from "../graph-chain.ts";
import { isTflite } from "../tflite/tflite-file.ts";
import { turnEngine } from "../turn-engine.ts";
import { InferenceClient } from "./inference-client.ts";
import { type DeployedModel, type Deployment, ModelDeployer, type ModelFile } from "./model-deployment.ts";
import { requireOnnx } from "./onnx-file.ts";
import { buildPlan, type PlanBuild } from "./plan-builder.ts";

/** How a remote engine is started; every limit has a default that suits a server on the same device. */
export interface RemoteEngineOptions {
  /** `http://host:port[/path]`, or `unix:/path/of.sock`. */
  readonly address: string;
  readonly deploy: Deployment;
  /** Makes TensorRT plans of the graphs; without it the server gets the ONNX itself. */
  readonly build?: PlanBuild;
  /** How long one run may take; 10 s unless said otherwise. */
  readonly runTimeoutMs?: number;
  /** How long a model may take to become ready, its plan's build not counted; 60 s unless said otherwise. */
  readonly loadTimeoutMs?: number;
  /** How many requests may wait; more are refused with `engine-busy`; 64 unless said otherwise. */
  readonly maxWaiting?: number;
  /** The largest answer that is taken; 256 MiB unless said otherwise. */
  readonly maxAnswerBytes?: number;
}

/**
 * An engine that is a server: models are brought to it, and each graph of a run is one request. A server that is gone, slow
 * or refuses ends one run with a named error and never this process.
 * @throws {EdgeRuntimeError} `server-unreachable` when it does not take requests
 */
export async function startRemoteEngine(options: RemoteEngineOptions): Promise<Engine> {
  const { address, maxAnswerBytes, loadTimeoutMs = 60_000, runTimeoutMs = 10_000, maxWaiting = 64 } = options;
  const client = new InferenceClient({ address, maxAnswerBytes });
  try {
    await requireReady(client);
  } catch (error) {
    client.close();
    throw error;
  }
  const deployer = new ModelDeployer(client, options.deploy, loadTimeoutMs);
  const open = (graph: GraphSource) => openRemoteGraph(client, deployer, options.build, graph);
  const engine = turnEngine({ open: (graphs) => openGraphChain(graphs, open), maxWaiting, runTimeoutMs });
  return {
    load: (graphs) => engine.load(graphs),
    async close() {
      await engine.close();
      client.close();
    },
  };
}

async function requireReady(client: InferenceClient): Promise<void> {
  if (await client.isHealthy("ready")) return;
  throw new EdgeRuntimeError(
    "server-unreachable",
    `Expected the inference server at ${client.address} to take requests, it says that it is not ready; wait for it or read its log.`,
  );
}

async function openRemoteGraph(
  client: InferenceClient,
  deployer: ModelDeployer,
  build: PlanBuild | undefined,
  graph: GraphSource,
): Promise<OpenedGraph> {
  const model = await deployer.deploy(await fileOf(graph, build));
  try {
    return remoteGraph(client, deployer, graph.name, model, await client.ports({ name: model.name }));
  } catch (error) {
    await deployer.withdraw(model);
    throw error;
  }
}

async function fileOf({ name, bytes }: GraphSource, build: PlanBuild | undefined): Promise<ModelFile> {
  const onnx = typeof bytes === "string" ? await readGraph(name, bytes) : bytes;
  if (isTflite(onnx)) {
    throw new EdgeRuntimeError(
      "bad-model",
      `Graph "${name}" is TensorFlow Lite, which this engine does not deploy; compile it for another target.`,
    );
  }
  requireOnnx(name, onnx);
  if (build !== undefined) return { graph: name, format: "plan", ...(await buildPlan(onnx, build)) };
  return { graph: name, format: "onnx", key: createHash("sha256").update(onnx).digest("hex"), bytes: onnx };
}

async function readGraph(name: string, path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new EdgeRuntimeError("bad-model", `Graph "${name}" cannot be read: ${String(cause)}`, { cause });
  });
}

function remoteGraph(
  client: InferenceClient,
  deployer: ModelDeployer,
  name: string,
  model: DeployedModel,
  { inputs, outputs }: { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] },
): OpenedGraph {
  const names = outputs.map((output) => output.name);
  // Its name is as telling as its version, and some servers know no versions.
  const served = { name: model.name };
  return {
    name,
    inputs,
    outputs,
    run: (feeds, signal) => client.infer(served, feeds, names, signal),
    release: () => deployer.withdraw(model),
  };
}
