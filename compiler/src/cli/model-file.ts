import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { parseModel, serializeModel } from "../graph/model.ts";
import type { ReadExternalData } from "../onnx/external-data.ts";
import { externalDataIn } from "../onnx/external-data-in.ts";
import { isTflite } from "../tflite/flatbuffer/read-flatbuffer.ts";
import { importTflite } from "../tflite/import/import-tflite.ts";
import type { PixelRange } from "../tflite/import/pixel-range.ts";
import { parseTflite } from "../tflite/parse-tflite.ts";

/** A model as a command names it, as ONNX: a graph that reads `image` is a backbone, any other a head. */
export interface ModelFile {
  readonly name: string;
  readonly role: "backbone" | "head";
  readonly bytes: Uint8Array;
  readonly graph: Graph;
  readonly readExternalData: ReadExternalData;
}

/**
 * Reads an ONNX file and the weights that lie beside it, or a float TFLite file, told apart by their first bytes; the name
 * without its ending becomes the component's. pixels: what a TFLite file's image input takes, which the file does not say
 * @throws {CompilerError} `unreadable-input`, `malformed-model`, `external-data`, `unsupported-operator`, `invalid-argument`
 *   where a TFLite file reads an image and no pixels are named
 */
export async function readModelFile(path: string, pixels?: PixelRange): Promise<ModelFile> {
  const given = await readModelBytes(path);
  const readExternalData = externalDataIn(dirname(path));
  const graph = isTflite(given) ? importedGraph(path, given, pixels) : parseModel(given, { readExternalData });
  const bytes = isTflite(given) ? serializeModel(graph) : given;
  const isBackbone = graph.inputs.some((input) => input.name === "image");
  return { name: componentName(path), role: isBackbone ? "backbone" : "head", bytes, graph, readExternalData };
}

/** The bytes of a model file. @throws {CompilerError} `unreadable-input` */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new CompilerError("unreadable-input", `Expected an ONNX file at ${path}, but it cannot be read.`, { cause });
  });
}

/** What a component is called after its file. */
export function componentName(path: string): string {
  return basename(path).replace(/\.(onnx|tflite)$/, "");
}

function importedGraph(path: string, bytes: Uint8Array, pixels: PixelRange | undefined): Graph {
  const { inputs, tensors } = parseTflite(bytes);
  const [shape] = inputs.map((place) => tensors[place]!.shape);
  const readsImage = inputs.length === 1 && shape!.length === 4 && shape![3] === 3;
  if (!readsImage) return importTflite(bytes);
  if (pixels !== undefined) return importTflite(bytes, { pixels });
  throw new CompilerError(
    "invalid-argument",
    `Expected --pixels, since ${path} reads an image [${shape}] and a TFLite file does not say what its values are; name what it was trained on.`,
  );
}

/** The size of the images a graph reads, whether as planes [N, 3, H, W] or as bytes [N, H, W, 3]. @throws {CompilerError} `shape-mismatch` */
export function imageSizeOf(graph: Graph): { readonly width: number; readonly height: number } {
  const image = graph.inputs.find((input) => input.name === "image");
  const [height, width] = (image?.dtype === "uint8" ? image.shape?.slice(1, 3) : image?.shape?.slice(2, 4)) ?? [];
  if (typeof height === "number" && typeof width === "number") return { width, height };
  throw new CompilerError(
    "shape-mismatch",
    'Expected a backbone with an input "image" of fixed height and width, found none; export it with fixed sizes.',
  );
}

/** The size of the images that the files of one variant read. @throws {CompilerError} `shape-mismatch` */
export function imageSizeIn(files: readonly Uint8Array[]): { readonly width: number; readonly height: number } {
  for (const bytes of files.filter(isTflite)) {
    const { inputs, tensors } = parseTflite(bytes);
    const image = inputs.map((place) => tensors[place]!).find(({ name }) => name === "image");
    if (image?.shape.length === 4) return { width: image.shape[2]!, height: image.shape[1]! };
  }
  const graphs = files.filter((bytes) => !isTflite(bytes)).map((bytes) => parseModel(bytes));
  const backbone = graphs.find(({ inputs }) => inputs.some(({ name }) => name === "image"));
  if (backbone !== undefined) return imageSizeOf(backbone);
  throw new CompilerError(
    "shape-mismatch",
    'Expected a variant whose backbone reads "image", found none; compile the backbone too.',
  );
}
