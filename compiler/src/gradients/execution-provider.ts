/** An ONNX Runtime execution provider that training graphs are derived for. */
export type ExecutionProvider = "cpu" | "webgpu" | "cuda";
