import { elementCount } from "../graph/tensor.ts";
import { parseTflite } from "../tflite/parse-tflite.ts";
import type { TfliteModel, TfliteTensor } from "../tflite/tflite-model.ts";
import { table } from "./output.ts";

/** What `inspect` says of a TFLite file. */
export type TfliteSummary = ReturnType<typeof tfliteSummary>;

/** Describes a TFLite file as it is: ports with their scales, operators with their versions. @throws {CompilerError} `malformed-model` */
export function tfliteSummary(bytes: Uint8Array) {
  const model = parseTflite(bytes);
  const constants = model.tensors.filter(({ data }) => data !== undefined);
  const byType = Map.groupBy(constants, ({ type }) => type);
  const byOperator = Map.groupBy(model.operators, ({ op, version }) => `${op} v${version}`);
  return {
    name: model.name,
    format: "tflite",
    bytes: bytes.length,
    inputs: model.inputs.map((place) => portOf(model.tensors[place]!)),
    outputs: model.outputs.map((place) => portOf(model.tensors[place]!)),
    parameters: constants.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    weightBytes: Object.fromEntries(
      [...byType].map(([type, of]) => [type, of.reduce((sum, { data }) => sum + data!.length, 0)]),
    ),
    operators: Object.fromEntries([...byOperator].map(([op, of]) => [op, of.length])),
    steps: model.operators.map((operator) => stepOf(model, operator)),
  };
}

/** The lines that a person reads: a table, then one operator a line. */
export function tfliteLines(summary: TfliteSummary): string[] {
  const port = ({ name, dtype, shape, quantization }: TfliteSummary["inputs"][number]) =>
    `${name} ${dtype} [${shape.join(", ")}]${quantization === null ? "" : ` at ${scaleText(quantization)}`}`;
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  return [
    ...table([
      ["reads", summary.inputs.map(port).join("; ")],
      ["gives", summary.outputs.map(port).join("; ")],
      ["bytes", `${summary.bytes}, of which constants ${counts(summary.weightBytes)}`],
      ["parameters", String(summary.parameters)],
      ["operators", counts(summary.operators)],
    ]),
    "",
    ...summary.steps,
  ];
}

function portOf({ name, type, shape, signature, quantization }: TfliteTensor) {
  const sizes = shape.map((size, axis) => (signature?.[axis] === -1 ? "N" : size));
  const [scale, zeroPoint] = [quantization?.scale[0], quantization?.zeroPoint[0]];
  return {
    name,
    dtype: type,
    shape: sizes,
    quantization: scale === undefined || zeroPoint === undefined ? null : { scale, zeroPoint },
  };
}

function stepOf({ tensors }: TfliteModel, { op, version, inputs, outputs }: TfliteModel["operators"][number]): string {
  const text = (places: readonly number[]) => places.map((place) => (place === -1 ? "–" : tensorText(tensors[place]!)));
  return `${op} v${version}  ${text(inputs).join(", ")} → ${text(outputs).join(", ")}`;
}

function tensorText({ type, shape, quantization, data }: TfliteTensor): string {
  const many = quantization !== undefined && quantization.scale.length > 1;
  const scale =
    quantization === undefined
      ? ""
      : many
        ? ` ${quantization.scale.length} scales`
        : ` ${scaleText(first(quantization))}`;
  return `${data === undefined ? "" : "const "}${type} [${shape.join(", ")}]${scale}`;
}

function first({ scale, zeroPoint }: NonNullable<TfliteTensor["quantization"]>) {
  return { scale: scale[0]!, zeroPoint: zeroPoint[0]! };
}

function scaleText({ scale, zeroPoint }: { readonly scale: number; readonly zeroPoint: number }): string {
  return `${Number(scale.toPrecision(4))}·(q ${zeroPoint < 0 ? "+" : "−"} ${Math.abs(zeroPoint)})`;
}
