import { CompilerError } from "../errors.ts";

/** Element types of the IR; `other` types of ONNX (float8, int4, …) pass through as `type-<number>`. */
export type DataType =
  | "float32"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "int32"
  | "int64"
  | "string"
  | "bool"
  | "float16"
  | "float64"
  | "uint32"
  | "uint64"
  | "bfloat16"
  | `type-${number}`;

const namesByNumber: Readonly<Record<number, DataType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
};

const numbersByName = new Map(Object.entries(namesByNumber).map(([number, name]) => [name, Number(number)]));

const widths: Readonly<Partial<Record<DataType, number>>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
  bfloat16: 2,
  // Two complex types, five float8, then the 4-bit and 2-bit ones, several to a byte (onnx.proto, TensorProto.DataType).
  "type-14": 8,
  "type-15": 16,
  "type-17": 1,
  "type-18": 1,
  "type-19": 1,
  "type-20": 1,
  "type-24": 1,
  "type-21": 1 / 2,
  "type-22": 1 / 2,
  "type-23": 1 / 2,
  "type-25": 1 / 4,
  "type-26": 1 / 4,
};

/** The IR's name of an ONNX `TensorProto.DataType` number. */
export function dataTypeOf(number: number): DataType {
  return namesByNumber[number] ?? `type-${number}`;
}

/** The ONNX `TensorProto.DataType` number of an IR type. */
export function dataTypeNumber(type: DataType): number {
  const number = numbersByName.get(type) ?? Number(type.slice("type-".length));
  if (Number.isInteger(number)) return number;
  throw new CompilerError(
    "invalid-argument",
    `Expected an ONNX element type, but "${type}" came; use one such as float32.`,
  );
}

/** Bytes per element, or undefined where elements have no whole number of bytes (strings, 4-bit types). */
export function bytesPerElement(type: DataType): number | undefined {
  const width = widths[type];
  return width !== undefined && Number.isInteger(width) ? width : undefined;
}

/** Bytes that a tensor of so many elements takes in a file, or undefined for strings and types that ONNX has added since. */
export function bytesOfElements(type: DataType, count: number): number | undefined {
  const width = widths[type];
  return width === undefined ? undefined : Math.ceil(count * width);
}
