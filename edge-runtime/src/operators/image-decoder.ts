import type { PreprocessSpec } from "@fieldloop/devices";
import { ChildHost } from "../engine/child-host.ts";
import { EdgeRuntimeError } from "../errors.ts";
import { imageLimits } from "./encoded-image.ts";
import type { RawImage } from "./raw-image.ts";

/** How an image decoder is bounded. */
export interface ImageDecoderOptions {
  /** How long one image may take; 5 s unless said otherwise. */
  readonly timeoutMs?: number;
  /** Resident memory of the process; 768 MiB unless said otherwise. */
  readonly memoryBytes?: number;
  /** How many images may wait; 64 unless said otherwise. */
  readonly maxWaiting?: number;
}

/** Decodes images of strangers in a process of its own, which is killed and replaced when it misbehaves. */
export interface ImageDecoder {
  /**
   * Decodes PNG, JPEG or WebP bytes to raw RGB, through `spec` when one is given.
   * @throws {EdgeRuntimeError} `image-too-large`, `image-unsupported`, `image-unreadable`, `bad-preprocess`, `decoder-failed`,
   *   `decoder-busy`
   */
  decode(bytes: Uint8Array, spec?: PreprocessSpec): Promise<RawImage>;
  /** The decoding process's id, undefined while none runs. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

const frameBytes = imageLimits.pixels * 3 + 1024 * 1024;
const startMs = 30_000;

/** Starts an image decoder; its process starts with the first image and again after each that took it down. */
export function startImageDecoder(options: ImageDecoderOptions = {}): ImageDecoder {
  const { timeoutMs = 5_000, memoryBytes = 768 * 1024 ** 2, maxWaiting = 64 } = options;
  let child: ChildHost | undefined;
  let closed = false;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const runningChild = async (): Promise<ChildHost> => {
    if (closed) throw new EdgeRuntimeError("decoder-failed", "This image decoder is closed; start another one.");
    if (child === undefined || child.exit) {
      child = new ChildHost({
        noun: "image decoder",
        program: new URL("./image-decoder-child", import.meta.url),
        args: [],
        memoryBytes,
        maxWaiting,
        maxFrameBytes: frameBytes,
      });
      await child.request({ op: "hello" }, {}, { ms: startMs, code: "load-timeout" });
    }
    return child;
  };

  const decodeNow = async (bytes: Uint8Array, spec: PreprocessSpec | undefined): Promise<RawImage> => {
    try {
      const host = await runningChild();
      const image = { dtype: "uint8", shape: [bytes.byteLength], data: bytes } as const;
      const reply = await host.request({ op: "decode", spec }, { image }, { ms: timeoutMs, code: "run-timeout" });
      return rawImageOf(reply.header, reply.tensors.pixels?.data);
    } catch (error) {
      throw asDecoderError(error);
    }
  };

  return {
    get pid() {
      return child === undefined || child.exit ? undefined : child.pid;
    },
    async decode(bytes, spec) {
      checkSize(bytes);
      if (waiting >= maxWaiting)
        throw new EdgeRuntimeError(
          "decoder-busy",
          `${waiting} images already wait to be decoded; wait for one to finish.`,
        );
      waiting += 1;
      const result = turn.then(() => decodeNow(bytes, spec)).finally(() => (waiting -= 1));
      turn = result.catch(() => undefined);
      return result;
    },
    async close() {
      await turn;
      closed = true;
      await child?.close();
    },
  };
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.byteLength > imageLimits.inputBytes) {
    throw new EdgeRuntimeError(
      "image-too-large",
      `An encoded image may have ${imageLimits.inputBytes} bytes, this one has ${bytes.byteLength}; send a smaller one.`,
    );
  }
}

function rawImageOf(header: Readonly<Record<string, unknown>>, data: unknown): RawImage {
  const { width, height } = header;
  if (!(data instanceof Uint8Array) || data.length !== Number(width) * Number(height) * 3) {
    throw new EdgeRuntimeError("decoder-failed", "The image decoder answered without pixels.");
  }
  return { data, width: Number(width), height: Number(height) };
}

const ownCodes = new Set([
  "image-too-large",
  "image-unsupported",
  "image-unreadable",
  "bad-preprocess",
  "decoder-failed",
]);

function asDecoderError(error: unknown): EdgeRuntimeError {
  if (error instanceof EdgeRuntimeError && ownCodes.has(error.code)) return error;
  const sentence = error instanceof Error ? error.message : String(error);
  return new EdgeRuntimeError("decoder-failed", `The image was given up: ${sentence}`, { cause: error });
}
