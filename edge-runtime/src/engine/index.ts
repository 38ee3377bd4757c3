export { EdgeRuntimeError, type EdgeRuntimeErrorCode } from "../errors.ts";
export type { Engine, EngineExit, EngineHost, GraphSource, LoadedModel, Port, RunResult } from "./engine.ts";
export { type EngineHostOptions, startEngineHost } from "./engine-host.ts";
export { type EngineFingerprint, engineFingerprint } from "./fingerprint.ts";
export { startInlineEngine } from "./inline-engine.ts";
export { elementCount, type Tensor, type TensorData, type TensorDtype } from "./tensor.ts";
