import type { Tensor, TensorDtype } from "./tensor.ts";

/** The engines that run graphs on this machine, in a process of their own. */
export type LocalEngine = "onnxruntime" | "tflite";

/** One graph to load, ONNX or TensorFlow Lite: its bytes, or the path of a file the engine may read. */
export interface GraphSource {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

/** How a graph stores a tensor as integers: real = scale · (stored − zeroPoint). */
export interface Quantization {
  readonly dtype: "int8" | "uint8" | "int16";
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * What a graph says of one of its tensors; a text stands for a free dimension, an empty shape for an unstated one.
 * Tensors that the file itself quantizes carry their `quantization`: outputs come as the real numbers that they stand for,
 * inputs are taken as stored.
 */
export interface Port {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly (number | string)[];
  /** Element types that an input takes besides its own: real numbers, which the engine turns into what is stored. */
  readonly alsoTakes?: readonly TensorDtype[];
  readonly quantization?: Quantization;
}

/** What a run gave: every output of every graph by name, and the microseconds the engine itself spent. */
export interface RunResult {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly runUs: number;
}

/**
 * Graphs loaded as one unit: they run in order in one request, and an output of an earlier graph feeds a later graph's
 * input of the same name (backbone → heads). `inputs` are those that no earlier graph gives.
 */
export interface LoadedModel {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs once, after the runs before it; `deadlineMs` counts from this run's start.
   * @throws {EdgeRuntimeError} `bad-input`, `run-failed`, `run-timeout`, `engine-crashed`, `engine-busy`, `memory-exceeded`,
   *   `model-unloaded`, `engine-closed`, `frame-too-large`, `server-unreachable`, `server-refused`
   */
  run(inputs: Readonly<Record<string, Tensor>>, deadlineMs?: number): Promise<RunResult>;
  /** Waits for the runs that were accepted, then gives the memory back; later runs are refused. */
  unload(): Promise<void>;
}

/** Runs graphs, one run at a time, several loaded models side by side. */
export interface Engine {
  /**
   * @throws {EdgeRuntimeError} `bad-model`, `load-timeout`, `engine-crashed`, `engine-closed`, `memory-exceeded`,
   *   `provider-absent`, and `server-unreachable`, `server-refused`, `build-failed` where the engine is a server
   */
  load(graphs: readonly GraphSource[]): Promise<LoadedModel>;
  /** Waits for accepted work within a few seconds, then ends the engine; safe to call twice. */
  close(): Promise<void>;
}

/** Why an engine host's process ended. */
export interface EngineExit {
  readonly reason: "closed" | "crashed" | "run-timeout" | "load-timeout" | "memory-exceeded" | "malformed-frame";
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines the process wrote to standard error. */
  readonly stderr: string;
}

/** An engine in a child process of its own. */
export interface EngineHost extends Engine {
  readonly pid: number;
  /** Set once the process has ended; the caller decides whether to start another. */
  readonly exit: EngineExit | undefined;
  /** The child's resident memory in bytes, 0 once it has ended. */
  residentBytes(): number;
}
