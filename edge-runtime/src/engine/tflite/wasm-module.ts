import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import { EdgeRuntimeError } from "../../errors.ts";

/** A tensor of a runner; `data()` is a view of the module's memory that a later allocation may detach: take it anew. */
export interface WasmTensor {
  readonly name: string;
  /** Comma-separated. */
  readonly shape: string;
  readonly dataType: string;
  data(): ArrayBufferView;
  delete?(): void;
}

/** A list that the module owns. */
export interface WasmVector {
  size(): number;
  get(index: number): WasmTensor;
  delete(): void;
}

/** One loaded TensorFlow Lite file. Infer: false when a kernel failed */
export interface WasmRunner {
  GetInputs(): WasmVector;
  GetOutputs(): WasmVector;
  Infer(): boolean;
  delete(): void;
}

interface WasmStatus {
  ok(): boolean;
  errorMessage(): string;
  value(): WasmRunner;
  delete(): void;
}

/** TensorFlow Lite compiled to WebAssembly, as far as it is used here. complaints: what it wrote since they were cleared */
export interface WasmModule {
  readonly HEAPU8: Uint8Array;
  readonly complaints: string[];
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(pointer: number, bytes: number, options: object): WasmStatus;
  };
}

type ModuleFactory = (options: object) => Promise<Omit<WasmModule, "complaints">>;

/** The files of `@tensorflow/tfjs-tflite` 0.0.1-alpha.10 that run here: an unmaintained package is taken by its bytes. */
const files = {
  glue: {
    name: "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.js",
    where: () => import.meta.resolve("@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.js"),
    sha256: "d5c71816525140d7a35b59a908d3b07d42741576630e647d246c19c6fa72d63d",
  },
  wasm: {
    name: "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.wasm",
    where: () => import.meta.resolve("@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.wasm"),
    sha256: "40f49cc2d458ec09bb43db160e9e55f4b3c790a4c1d1fa280f8a61796296cf8e",
  },
} as const;
type ModuleFile = (typeof files)[keyof typeof files];

/**
 * Loads the wasm and its glue directly; the package's own JavaScript wants a browser, adds 70 µs a run and is not needed.
 * read: gives a file's bytes, the installed package's unless said otherwise
 * @throws {EdgeRuntimeError} `engine-unavailable` when a file is missing or not the one that was tried
 */
export async function loadWasmModule(read: (file: ModuleFile) => Uint8Array = readInstalled): Promise<WasmModule> {
  const [glue, wasmBinary] = [verified(files.glue, read), verified(files.wasm, read)];
  const complaints: string[] = [];
  try {
    const source = `(function () {${Buffer.from(glue).toString("utf8")}\nreturn tflite_web_api_ModuleFactory;})`;
    const factory = runInThisContext(source)() as ModuleFactory;
    const print = (line: string) => complaints.push(line);
    return Object.assign(await factory({ wasmBinary, print, printErr: print }), { complaints });
  } catch (cause) {
    throw unavailable(`it does not start: ${String(cause)}`, cause);
  }
}

function readInstalled({ where }: ModuleFile): Uint8Array {
  return readFileSync(new URL(where()));
}

function verified(file: ModuleFile, read: (file: ModuleFile) => Uint8Array): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = read(file);
  } catch (cause) {
    throw unavailable(`${file.name} cannot be read`, cause);
  }
  const got = createHash("sha256").update(bytes).digest("hex");
  if (got !== file.sha256) throw unavailable(`${file.name} has SHA-256 ${got}, not ${file.sha256}`);
  return bytes;
}

function unavailable(why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "engine-unavailable",
    `Expected the TensorFlow Lite of @tensorflow/tfjs-tflite 0.0.1-alpha.10, ${why}; install the dependencies again.`,
    { cause },
  );
}
