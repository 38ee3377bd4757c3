export { EdgeRuntimeError, type EdgeRuntimeErrorCode } from "../errors.ts";
export type {
  Engine,
  EngineExit,
  EngineHost,
  GraphSource,
  LoadedModel,
  LocalEngine,
  Port,
  Quantization,
  RunResult,
} from "./engine.ts";
export { type EngineHostOptions, startEngineHost } from "./engine-host.ts";
export { type EngineFingerprint, engineFingerprint } from "./fingerprint.ts";
export { startInlineEngine } from "./inline-engine.ts";
export type { ExecutionProvider } from "./onnxruntime/onnx-graph.ts";
export { type RemoteEngineOptions, startRemoteEngine } from "./remote/remote-engine.ts";
export { elementCount, type Tensor, type TensorData, type TensorDtype } from "./tensor.ts";
