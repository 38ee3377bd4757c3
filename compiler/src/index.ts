export {
  buildClassifier,
  buildHead,
  type ClassifierShape,
  type Components,
  type HeadShape,
} from "./build/classifier.ts";
export {
  batchNorm,
  type ConvOptions,
  conv,
  type DenseOptions,
  dense,
  flatten,
  globalAveragePool,
  maxPool,
  relu,
} from "./build/layers.ts";
export { createRandom, type Random } from "./build/random.ts";
export { CompilerError, type CompilerErrorCode } from "./errors.ts";
export { deriveGradients, type GradientRequest, gradientRules } from "./gradients/derive-gradients.ts";
export type { ExecutionProvider } from "./gradients/execution-provider.ts";
export type { GradientContext, GradientRule } from "./gradients/gradient-rule.ts";
export { bytesPerElement, type DataType } from "./graph/data-type.ts";
export {
  type Attribute,
  attribute,
  consumers,
  type Dimension,
  floatAttribute,
  type Graph,
  intAttribute,
  intsAttribute,
  isGraphOutput,
  type Node,
  opsetOf,
  producers,
  stringAttribute,
  typeOf,
  type Value,
  type ValueType,
} from "./graph/graph.ts";
export { GraphBuilder, type NodeOptions } from "./graph/graph-builder.ts";
export { inferTypes } from "./graph/infer-types.ts";
export { type ParseOptions, parseModel, serializeModel } from "./graph/model.ts";
export { printGraph } from "./graph/print-graph.ts";
export {
  elementCount,
  floatScalar,
  floatsOf,
  floatTensor,
  int64Tensor,
  integersOf,
  integerTensor,
  type Tensor,
} from "./graph/tensor.ts";
export { tensorFromMessage } from "./graph/tensor-message.ts";
export { verifyGraph } from "./graph/verify-graph.ts";
export { type Merge, type MergedModel, mergeModels } from "./merge/merge-models.ts";
export { decodeMessage, encodeMessage } from "./onnx/codec.ts";
export type { ExternalRange, ReadExternalData } from "./onnx/external-data.ts";
export { externalDataIn } from "./onnx/external-data-in.ts";
export type { Message } from "./onnx/schema.ts";
export { type RangeMethod, rangeMethods } from "./quantize/range-choice.ts";
export {
  type CanonicalComponent,
  type CompiledVariant,
  type CompiledVersion,
  type CompileRequest,
  compileVersion,
} from "./targets/compile-version.ts";
export { imageDigest } from "./targets/image-batches.ts";
export type { Target } from "./targets/target.ts";
export { suitsMachine, targetNamed, targets } from "./targets/target-list.ts";
export { targetsHere } from "./targets/targets-here.ts";
export { type ImportOptions, importTflite } from "./tflite/import/import-tflite.ts";
export type { PixelRange } from "./tflite/import/pixel-range.ts";
export { parseTflite } from "./tflite/parse-tflite.ts";
export type { Elements } from "./tflite/reference/kernel.ts";
export { runReference } from "./tflite/reference/run-reference.ts";
export type {
  TfliteModel,
  TfliteOperator,
  TfliteOptions,
  TfliteQuantization,
  TfliteTensor,
} from "./tflite/tflite-model.ts";
export type { Origin } from "./training-graph/compose.ts";
export type { DropoutMask } from "./training-graph/dropout-masks.ts";
export type { Optimiser } from "./training-graph/optimisers/optimiser.ts";
export type { OptimiserChoice } from "./training-graph/optimisers/optimiser-list.ts";
export type { ParameterSlot } from "./training-graph/parameters.ts";
export {
  buildTrainingGraph,
  type StatisticsSlot,
  type TrainingGraph,
  type TrainingOptions,
} from "./training-graph/training-graph.ts";
export {
  initialState,
  type StepOptions,
  stepInputs,
  type TrainingState,
  takeStep,
  trainedComponents,
} from "./training-graph/training-state.ts";
export { type FitCardRequest, fitCard, fitCards, type JudgedImage } from "./verify/fit-card.ts";
export { thisMachine } from "./verify/machine.ts";
export type { VariantFiles } from "./verify/variant-bench.ts";
