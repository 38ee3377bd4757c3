/** What an engine on a kind of processor can run, and so what a graph is compiled to. */
export interface Target {
  readonly name: string;
  readonly title: string;
  readonly engine: "onnxruntime" | "tflite";
  readonly processor: "any" | "x86-64";
  /** Processor features, as `/proc/cpuinfo` names them, one of which must be there; none is needed when empty. */
  readonly anyOfFeatures: readonly string[];
  readonly format: FloatFormat | IntegerFormat;
}

/** Weights and activations as 32-bit floats. */
export interface FloatFormat {
  readonly kind: "fp32";
}

/** Backbones in static integers: byte activations of the sign that the engine wants, signed per-channel weights; heads stay float. */
export interface IntegerFormat {
  readonly kind: "int8";
  readonly activations: "uint8" | "int8";
  readonly weights: "int8";
  readonly weightBits: 7 | 8;
}
