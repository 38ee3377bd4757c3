import Type, { type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../../errors.ts";
import { byteLength, elementCount, type Tensor, type TensorDtype, tensorView } from "../tensor.ts";

// The Open Inference Protocol's infer messages with the binary tensor extension: a JSON head, then the tensors' bytes.

/** One infer message: the length of its JSON head, which a header tells, and its parts in order. */
export interface InferMessage {
  readonly headBytes: number;
  readonly parts: readonly Uint8Array[];
}

/** The names that the protocol has for element types. */
export const datatypes: Readonly<Record<TensorDtype, string>> = {
  float32: "FP32",
  float64: "FP64",
  uint8: "UINT8",
  int8: "INT8",
  int32: "INT32",
  int64: "INT64",
  bool: "BOOL",
};

/** The element type that the protocol calls so; `undefined` for one that no engine carries. */
export function dtypeOf(datatype: string): TensorDtype | undefined {
  return (Object.keys(datatypes) as TensorDtype[]).find((dtype) => datatypes[dtype] === datatype);
}

/** Encodes a request: all inputs as bytes, the named outputs asked for as bytes. */
export function encodeInferRequest(inputs: Readonly<Record<string, Tensor>>, outputs: readonly string[]): InferMessage {
  const described = Object.entries(inputs).map(([name, tensor]) => describe(name, tensor));
  const asked = outputs.map((name) => ({ name, parameters: { binary_data: true } }));
  return message({ inputs: described, outputs: asked }, Object.values(inputs));
}

/** Encodes an answer: all outputs as bytes. */
export function encodeInferAnswer(model: string, outputs: Readonly<Record<string, Tensor>>): InferMessage {
  const described = Object.entries(outputs).map(([name, tensor]) => describe(name, tensor));
  return message({ model_name: model, outputs: described }, Object.values(outputs));
}

/**
 * Reads an answer's tensors, as bytes or as JSON numbers, whichever the server chose.
 * headBytes: from the header `Inference-Header-Content-Length`; `undefined` when all is JSON
 * @throws {EdgeRuntimeError} `server-refused` when it is not what the protocol says
 */
export function decodeInferAnswer(body: Uint8Array, headBytes: number | undefined): Record<string, Tensor> {
  const { head, rest } = split(body, headBytes);
  return tensorsOf(checked<TensorList>(answerSchema, head).outputs, rest);
}

/**
 * Reads a request's tensors and the outputs it asks for; all of them when it names none.
 * @throws {EdgeRuntimeError} `server-refused`
 */
export function decodeInferRequest(body: Uint8Array, headBytes: number | undefined) {
  const { head, rest } = split(body, headBytes);
  const { inputs, outputs } = checked<{ inputs: Described[]; outputs?: { name: string }[] }>(requestSchema, head);
  return { inputs: tensorsOf(inputs, rest), outputs: outputs?.map(({ name }) => name) };
}

interface Described {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly parameters?: { readonly binary_data_size?: number } | null;
  readonly data?: unknown;
}

interface TensorList {
  readonly outputs: readonly Described[];
}

const DescribedSchema = Type.Object({
  name: Type.String({ maxLength: 1024 }),
  shape: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 16 }),
  datatype: Type.String({ maxLength: 16 }),
  // Some servers write what is absent as null.
  parameters: Type.Optional(
    Type.Union([Type.Null(), Type.Object({ binary_data_size: Type.Optional(Type.Integer({ minimum: 0 })) })]),
  ),
  data: Type.Optional(Type.Unknown()),
});
const answerSchema = compiled(Type.Object({ outputs: Type.Array(DescribedSchema, { maxItems: 1024 }) }));
const requestSchema = compiled(
  Type.Object({
    inputs: Type.Array(DescribedSchema, { maxItems: 1024 }),
    outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String({ maxLength: 1024 }) }), { maxItems: 1024 })),
  }),
);

function compiled(schema: TSchema): { Check(value: unknown): boolean } {
  return Compile(schema);
}

function checked<T>(schema: { Check(value: unknown): boolean }, value: unknown): T {
  if (!schema.Check(value)) throw malformed("its JSON lacks a field or has a wrong one");
  return value as T; // the schema says exactly this
}

function describe(name: string, { dtype, shape }: Tensor): Described {
  return { name, shape, datatype: datatypes[dtype], parameters: { binary_data_size: byteLength(dtype, shape) } };
}

function message(head: object, tensors: readonly Tensor[]): InferMessage {
  const encoded = new TextEncoder().encode(JSON.stringify(head));
  const bodies = tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { headBytes: encoded.length, parts: [encoded, ...bodies] };
}

function split(body: Uint8Array, headBytes = body.length): { readonly head: unknown; readonly rest: Uint8Array } {
  if (!Number.isSafeInteger(headBytes) || headBytes < 0 || headBytes > body.length)
    throw malformed(`its JSON is said to have ${headBytes} of ${body.length} bytes`);
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(body.subarray(0, headBytes)));
    return { head, rest: body.subarray(headBytes) };
  } catch (cause) {
    throw malformed("its head is no JSON", cause);
  }
}

function tensorsOf(described: readonly Described[], bytes: Uint8Array): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  let at = 0;
  for (const { name, shape, datatype, parameters, data } of described) {
    const dtype = dtypeOf(datatype);
    if (dtype === undefined) throw malformed(`tensor "${name}" is ${datatype}, which no engine carries`);
    const length = parameters?.binary_data_size;
    if (length === undefined) tensors[name] = fromJson(name, dtype, shape, data);
    else {
      if (length !== byteLength(dtype, shape) || at + length > bytes.length)
        throw malformed(`tensor "${name}" of ${datatype} [${shape.join(", ")}] has ${length} bytes`);
      tensors[name] = viewOf(dtype, shape, bytes.subarray(at, at + length));
      at += length;
    }
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes are left over`);
  return tensors;
}

/** The bytes as they lie where the element type allows, a copy otherwise. */
function viewOf(dtype: TensorDtype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const isAligned = bytes.byteOffset % byteLength(dtype, [1]) === 0;
  const { buffer, byteOffset } = isAligned ? bytes : new Uint8Array(bytes);
  return tensorView(dtype, shape, buffer as ArrayBuffer, byteOffset); // what a socket gives is never shared memory
}

function fromJson(name: string, dtype: TensorDtype, shape: readonly number[], data: unknown): Tensor {
  const values = Array.isArray(data) ? (data.flat(Number.POSITIVE_INFINITY) as unknown[]) : [];
  const isWhole = values.every((value) => typeof value === "number" || typeof value === "boolean");
  if (!isWhole || values.length !== elementCount(shape))
    throw malformed(`tensor "${name}" [${shape.join(", ")}] has ${values.length} values`);
  const tensor = tensorView(dtype, shape, new ArrayBuffer(byteLength(dtype, shape)), 0);
  values.forEach((value, index) => {
    if (dtype === "int64" && !Number.isSafeInteger(Number(value)))
      throw malformed(`tensor "${name}" holds ${value}, which JSON numbers do not carry exactly`);
    tensor.data[index] = dtype === "int64" ? BigInt(Number(value)) : Number(value);
  });
  return tensor;
}

function malformed(why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "server-refused",
    `An infer message does not follow the Open Inference Protocol: ${why}.`,
    {
      cause,
    },
  );
}
