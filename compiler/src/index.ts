export { CompilerError, type CompilerErrorCode } from "./errors.ts";
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
export { parseModel, serializeModel } from "./graph/model.ts";
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
export { decodeMessage, encodeMessage } from "./onnx/codec.ts";
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
export { type FitCardRequest, fitCard, fitCards, type JudgedImage } from "./verify/fit-card.ts";
export { thisMachine } from "./verify/machine.ts";
export type { VariantFiles } from "./verify/variant-bench.ts";
