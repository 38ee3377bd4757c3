import { digestOf } from "@fieldloop/devices";
import { firstWideCode, operatorCode } from "./builtin-operators.ts";
import { optionTables, type Table } from "./flatbuffer/schema.ts";
import { writeFlatbuffer } from "./flatbuffer/write-flatbuffer.ts";
import { tfliteTypeOf } from "./tensor-types.ts";
import type { TfliteModel, TfliteOperator, TfliteQuantization, TfliteTensor } from "./tflite-model.ts";

/** Writes a model as a TFLite file, equal constants once; the same model gives the same bytes. */
export function serializeTflite(model: TfliteModel): Uint8Array {
  const buffers = new Map<string, number>([["", 0]]);
  const data: Table<"Buffer">[] = [{}];
  const bufferOf = (bytes: Uint8Array | undefined): number => {
    const key = bytes === undefined ? "" : digestOf(bytes);
    const known = buffers.get(key);
    if (known !== undefined) return known;
    buffers.set(key, data.length);
    data.push({ data: bytes! });
    return data.length - 1;
  };
  const codes = [...new Map(model.operators.map((operator) => [codeKey(operator), operator])).keys()];
  return writeFlatbuffer({
    version: 3,
    operatorCodes: codes.map(codeTable),
    subgraphs: [
      {
        tensors: model.tensors.map((tensor) => tensorTable(tensor, bufferOf(tensor.data))),
        inputs: model.inputs,
        outputs: model.outputs,
        operators: model.operators.map((operator) => operatorTable(operator, codes.indexOf(codeKey(operator)))),
        name: model.name,
      },
    ],
    description: model.description,
    buffers: data,
  });
}

function codeKey({ op, version }: TfliteOperator): string {
  return `${op} ${version}`;
}

function codeTable(key: string): Table<"OperatorCode"> {
  const [op, version] = key.split(" ") as [string, string];
  const code = operatorCode(op);
  return { shortCode: Math.min(code, firstWideCode), version: Number(version), code };
}

function tensorTable({ name, type, shape, signature, quantization }: TfliteTensor, buffer: number): Table<"Tensor"> {
  return {
    shape,
    // Whoever made the tensor chose its type from those that TFLite has.
    type: tfliteTypeOf(type)!,
    buffer,
    name,
    ...(quantization === undefined ? {} : { quantization: quantizationTable(quantization) }),
    ...(signature === undefined ? {} : { shapeSignature: signature }),
  };
}

function quantizationTable({ scale, zeroPoint, axis }: TfliteQuantization): Table<"Quantization"> {
  return { scale, zeroPoint, axis };
}

function operatorTable({ inputs, outputs, options }: TfliteOperator, codeIndex: number): Table<"Operator"> {
  const entry = Object.entries(optionTables).find(([, table]) => table === options.kind);
  if (entry === undefined) return { codeIndex, inputs, outputs };
  const { kind: _, ...fields } = options;
  return { codeIndex, inputs, outputs, optionsType: Number(entry[0]), options: fields };
}
