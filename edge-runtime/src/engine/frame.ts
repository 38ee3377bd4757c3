import type { Duplex } from "node:stream";
import { Encoder } from "cbor-x";
import { EdgeRuntimeError } from "../errors.ts";
import { byteLength, isTensorDtype, type Tensor, tensorView } from "./tensor.ts";

/**
 * One message between the runtime and an engine host.
 * wire: u32 length of what follows, u32 header length, CBOR header, zero padding, then each tensor's bytes, every one
 * aligned to 8 bytes from the frame's start; little-endian
 */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
const prefixBytes = 8;

/**
 * Writes one frame; a large tensor's bytes are handed to the socket as they lie, so leave them alone until the answer.
 * @throws {EdgeRuntimeError} `frame-too-large`
 */
export function writeFrame(socket: Duplex, frame: Frame, maxBytes: number): void {
  const entries = Object.entries(frame.tensors);
  const described = entries.map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const header = cbor.encode({ ...frame.header, tensors: described });
  const headBytes = aligned(prefixBytes + header.byteLength);
  const bodies = entries.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const length = bodies.reduce((sum, body) => sum + aligned(body.byteLength), headBytes);
  if (length > maxBytes) {
    throw new EdgeRuntimeError(
      "frame-too-large",
      `A message of ${length} bytes exceeds the engine's limit of ${maxBytes}; send less at once.`,
    );
  }
  const isSmall = length <= oneWriteBytes;
  const head = Buffer.alloc(isSmall ? length : headBytes);
  head.writeUInt32LE(length - 4, 0);
  head.writeUInt32LE(header.byteLength, 4);
  head.set(header, prefixBytes);
  if (isSmall) copyBodies(head, bodies, headBytes);
  socket.cork();
  socket.write(head);
  if (!isSmall) writeBodies(socket, bodies);
  socket.uncork();
}

/** Up to here one copied write is faster than several uncopied ones. */
const oneWriteBytes = 32 * 1024;
const zeros = new Uint8Array(8);

function copyBodies(target: Uint8Array, bodies: readonly Uint8Array[], from: number): void {
  let at = from;
  for (const body of bodies) {
    target.set(body, at);
    at += aligned(body.byteLength);
  }
}

function writeBodies(socket: Duplex, bodies: readonly Uint8Array[]): void {
  for (const body of bodies) {
    socket.write(body);
    const padding = -body.byteLength & 7;
    if (padding > 0) socket.write(zeros.subarray(0, padding));
  }
}

function aligned(length: number): number {
  return length + (-length & 7);
}

/**
 * Cuts a byte stream into frames; tensors are views into the one buffer each frame was received in.
 * Call the result with each chunk · @throws {EdgeRuntimeError} `frame-too-large`, `malformed-frame`
 */
export function frameReader(maxBytes: number, onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  const prefix = new Uint8Array(4);
  let prefixFilled = 0;
  let body: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body === undefined) {
        const take = Math.min(4 - prefixFilled, chunk.length - at);
        prefix.set(chunk.subarray(at, at + take), prefixFilled);
        prefixFilled += take;
        at += take;
        if (prefixFilled < 4) return;
        body = allocate(prefix, maxBytes);
        filled = 4;
      }
      const take = Math.min(body.length - filled, chunk.length - at);
      body.set(chunk.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled === body.length) {
        const complete = body;
        body = undefined;
        prefixFilled = 0;
        onFrame(parseFrame(complete));
      }
    }
  };
}

function allocate(prefix: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const length = new DataView(prefix.buffer).getUint32(0, true) + 4;
  if (length > maxBytes) {
    throw new EdgeRuntimeError("frame-too-large", `A message announces ${length} bytes; the limit is ${maxBytes}.`);
  }
  if (length < prefixBytes) throw malformed(`it announces ${length} bytes`);
  return new Uint8Array(length);
}

function parseFrame(bytes: Uint8Array<ArrayBuffer>): Frame {
  const headerLength = new DataView(bytes.buffer).getUint32(4, true);
  const headerEnd = prefixBytes + headerLength;
  if (headerEnd > bytes.length) throw malformed("its header runs past its end");
  const header = decodeHeader(bytes.subarray(prefixBytes, headerEnd));
  const tensors: Record<string, Tensor> = {};
  let offset = headerEnd + (-headerEnd & 7);
  for (const entry of Array.isArray(header.tensors) ? header.tensors : []) {
    const { name, dtype, shape } = describedTensor(entry);
    const length = byteLength(dtype, shape);
    if (offset + length > bytes.length) throw malformed(`tensor "${name}" runs past its end`);
    tensors[name] = tensorView(dtype, shape, bytes.buffer, offset);
    offset += length + (-length & 7);
  }
  return { header, tensors };
}

function decodeHeader(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = cbor.decode(bytes);
  } catch (cause) {
    throw malformed("its header is not CBOR", cause);
  }
  if (typeof value !== "object" || value === null) throw malformed("its header is not a map");
  return value as Record<string, unknown>;
}

function describedTensor(entry: unknown): { name: string; dtype: Tensor["dtype"]; shape: number[] } {
  const { name, dtype, shape } = (entry ?? {}) as Record<string, unknown>;
  const isShape = Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  if (typeof name !== "string" || !isTensorDtype(dtype) || !isShape) throw malformed("it describes a tensor wrongly");
  return { name, dtype, shape };
}

function malformed(what: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError("malformed-frame", `A message between runtime and engine host is malformed: ${what}.`, {
    cause,
  });
}
