import { EdgeRuntimeError } from "../errors.ts";
import { ChildHost } from "./child-host.ts";
import type { EngineExit, EngineHost, GraphSource, LoadedModel, LocalEngine, Port, RunResult } from "./engine.ts";
import type { Frame } from "./frame.ts";
import { checkInputs } from "./input-check.ts";
import type { ExecutionProvider } from "./onnxruntime/onnx-graph.ts";
import type { Tensor } from "./tensor.ts";

/** How an engine host is started; every limit has a default that suits a small device. */
export interface EngineHostOptions {
  /** `onnxruntime` unless said otherwise. */
  readonly engine?: LocalEngine;
  /** What computes onnxruntime's nodes, the first that can; `cpu` unless said otherwise. */
  readonly providers?: readonly ExecutionProvider[];
  /** Threads inside one operator; 1 unless said otherwise. */
  readonly threads?: number;
  /** Resident memory at which the process is killed; 2 GiB unless said otherwise. */
  readonly memoryBytes?: number;
  /** How long one run may take before the process is killed; 10 s unless said otherwise. */
  readonly runTimeoutMs?: number;
  /** How long one load may take before the process is killed; 60 s unless said otherwise. */
  readonly loadTimeoutMs?: number;
  /** How many requests may wait; more are refused with `engine-busy`; 64 unless said otherwise. */
  readonly maxWaiting?: number;
  /** The largest message either way; 1 GiB unless said otherwise. */
  readonly maxFrameBytes?: number;
  /** Called once when the process has ended, whatever the reason. */
  readonly onExit?: (exit: EngineExit) => void;
}

const defaults: Required<Omit<EngineHostOptions, "onExit">> = {
  engine: "onnxruntime",
  providers: ["cpu"],
  threads: 1,
  memoryBytes: 2 * 1024 ** 3,
  runTimeoutMs: 10_000,
  loadTimeoutMs: 60_000,
  maxWaiting: 64,
  maxFrameBytes: 1024 ** 3,
};

/**
 * Starts an engine in a child process, connected by a framed Unix socket; resolves once the engine in it is ready.
 * A run or load past its limit, or memory past its limit, kills the process with a named error: starting another one is
 * the caller's decision.
 * @throws {EdgeRuntimeError} `engine-crashed`, `load-timeout`, `engine-unavailable` when it does not come up
 */
export async function startEngineHost(options: EngineHostOptions = {}): Promise<EngineHost> {
  const limits = { ...defaults, ...withoutUndefined(options) };
  const engine = new ChildHost({
    ...limits,
    noun: "engine host",
    program: new URL("./engine-child", import.meta.url),
    args: [limits.engine, limits.providers.join(","), String(limits.threads)],
  });
  await engine
    .request({ op: "hello" }, {}, { ms: limits.loadTimeoutMs, code: "load-timeout" })
    .catch(async (error: unknown) => {
      await engine.close();
      throw error;
    });
  let lastModel = 0;
  return {
    pid: engine.pid,
    get exit() {
      return engine.exit;
    },
    residentBytes: () => engine.residentBytes(),
    close: () => engine.close(),
    async load(graphs) {
      lastModel += 1;
      const model = lastModel;
      const { header, tensors } = loadRequest(model, graphs);
      const reply = await engine.request(header, tensors, { ms: limits.loadTimeoutMs, code: "load-timeout" });
      return hostedModel(engine, model, reply.header, limits.runTimeoutMs);
    },
  };
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function loadRequest(model: number, graphs: readonly GraphSource[]): Frame {
  const tensors: Record<string, Tensor> = {};
  const described = graphs.map(({ name, bytes }, index) => {
    if (typeof bytes === "string") return { name, path: bytes };
    tensors[`graph-${index}`] = { dtype: "uint8", shape: [bytes.byteLength], data: bytes };
    return { name };
  });
  return { header: { op: "load", model, graphs: described }, tensors };
}

function hostedModel(engine: ChildHost, model: number, header: Frame["header"], runTimeoutMs: number): LoadedModel {
  // Both lists are written by the engine child's own code from what the graphs declare.
  const inputs = header.inputs as readonly Port[];
  const outputs = header.outputs as readonly Port[];
  let unloading: Promise<void> | undefined;
  return {
    inputs,
    outputs,
    async run(given, deadlineMs = runTimeoutMs): Promise<RunResult> {
      if (unloading) throw new EdgeRuntimeError("model-unloaded", "This model was unloaded; load it again to run it.");
      checkInputs(inputs, given);
      const reply = await engine.request({ op: "run", model }, given, { ms: deadlineMs, code: "run-timeout" });
      return { outputs: reply.tensors, runUs: Number(reply.header.runUs) };
    },
    unload() {
      unloading ??= engine
        .request({ op: "unload", model }, {}, { ms: runTimeoutMs, code: "run-timeout" }, { evenWhenFull: true })
        .then(() => undefined);
      return unloading;
    },
  };
}
