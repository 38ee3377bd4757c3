import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { parseModel } from "../graph/model.ts";
import type { ReadExternalData } from "../onnx/external-data.ts";
import { externalDataIn } from "../onnx/external-data-in.ts";

/** An ONNX file as a command names it: a graph that reads `image` is a backbone, any other a head. */
export interface ModelFile {
  readonly name: string;
  readonly role: "backbone" | "head";
  readonly bytes: Uint8Array;
  readonly graph: Graph;
  readonly readExternalData: ReadExternalData;
}

/**
 * Reads an ONNX file and the weights that lie beside it; its name without `.onnx` becomes the component's.
 * @throws {CompilerError} `unreadable-input`, `malformed-model`, `external-data`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CompilerError("unreadable-input", `Expected an ONNX file at ${path}, but it cannot be read.`, { cause });
  });
  const readExternalData = externalDataIn(dirname(path));
  const graph = parseModel(bytes, { readExternalData });
  const isBackbone = graph.inputs.some((input) => input.name === "image");
  return { name: basename(path, ".onnx"), role: isBackbone ? "backbone" : "head", bytes, graph, readExternalData };
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
