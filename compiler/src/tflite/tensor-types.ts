import type { DataType } from "../graph/data-type.ts";

/** TFLite's element types by number, as far as the IR has them too. */
const typesByNumber: Readonly<Record<number, DataType>> = {
  0: "float32",
  1: "float16",
  2: "int32",
  3: "uint8",
  4: "int64",
  5: "string",
  6: "bool",
  7: "int16",
  9: "int8",
  10: "float64",
  12: "uint64",
  15: "uint32",
  16: "uint16",
};

/** The IR's name of a TFLite element type, or undefined where it has none (complex numbers, resources, 4 bits). */
export function typeOfTflite(number: number): DataType | undefined {
  return typesByNumber[number];
}

/** The TFLite number of an element type of the IR, or undefined where it has none. */
export function tfliteTypeOf(type: DataType): number | undefined {
  const entry = Object.entries(typesByNumber).find(([, known]) => known === type);
  return entry && Number(entry[0]);
}
