import { CompilerError } from "../errors.ts";
import type { Int64 } from "./schema.ts";

const exactBytes = 7;
const varintBytes = 10;

/** Reads protobuf wire values from a window of bytes; everything outside the window is an error, never a crash. */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** Unsigned varint of up to 64 bits. */
  unsigned(): Int64 {
    const start = this.position;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < exactBytes; index++) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    this.position = start;
    return this.#wideUnsigned();
  }

  /** Two's complement varint of 64 bits, as int32, int64 and enums are written. */
  signed(): Int64 {
    const value = this.unsigned();
    return typeof value === "number" ? value : narrow(BigInt.asIntN(64, value));
  }

  /** A length-delimited window; nothing is copied. */
  window(): WireReader {
    const length = this.unsigned();
    if (typeof length !== "number" || length > this.end - this.position) {
      throw malformed(`a field of ${length} bytes`, this.position, `only ${this.end - this.position} are left`);
    }
    const reader = new WireReader(this.bytes, this.position, this.position + length);
    this.position += length;
    return reader;
  }

  /** The rest of this window, without copying. */
  rest(): Uint8Array {
    const rest = this.bytes.subarray(this.position, this.end);
    this.position = this.end;
    return rest;
  }

  float(): number {
    return this.#view.getFloat32(this.#skip(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  /** Passes over a value of the given wire type. */
  skip(wireType: number): void {
    if (wireType === 0) this.unsigned();
    else if (wireType === 1) this.#skip(8);
    else if (wireType === 2) this.window();
    else if (wireType === 5) this.#skip(4);
    else throw malformed("a wire type of 0, 1, 2 or 5", this.position, `found ${wireType}`);
  }

  #skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) throw malformed(`${count} bytes`, start, `only ${this.end - start} are left`);
    this.position += count;
    return start;
  }

  #byte(): number {
    if (this.position >= this.end) throw malformed("a varint", this.position, "the bytes end");
    return this.bytes[this.position++] as number;
  }

  #wideUnsigned(): Int64 {
    let value = 0n;
    for (let index = 0; index < varintBytes; index++) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << BigInt(7 * index);
      if (byte < 128) return narrow(BigInt.asUintN(64, value));
    }
    throw malformed("a varint of at most 10 bytes", this.position, "it goes on");
  }
}

/** Writes protobuf wire values into a buffer whose exact size was computed before. */
export class WireWriter {
  readonly bytes: Uint8Array;
  #position = 0;
  readonly #view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  varint(value: Int64): void {
    let rest = value;
    if (typeof rest === "number" && rest >= 0) {
      while (rest >= 128) {
        this.bytes[this.#position++] = (rest % 128) | 128;
        rest = Math.floor(rest / 128);
      }
      this.bytes[this.#position++] = rest;
      return;
    }
    let wide = BigInt.asUintN(64, BigInt(rest));
    for (; wide >= 128n; wide >>= 7n) this.bytes[this.#position++] = Number(wide & 127n) | 128;
    this.bytes[this.#position++] = Number(wide);
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  float(value: number): void {
    this.#view.setFloat32(this.#position, value, true);
    this.#position += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }
}

/** Bytes that a varint takes: 1–10. */
export function varintSize(value: Int64): number {
  let rest = value;
  if (typeof rest === "number" && rest >= 0) {
    let size = 1;
    for (; rest >= 128; rest = Math.floor(rest / 128)) size++;
    return size;
  }
  let wide = BigInt.asUintN(64, BigInt(rest));
  let size = 1;
  for (; wide >= 128n; wide >>= 7n) size++;
  return size;
}

/** The error for bytes that are not the protobuf message they should be. */
export function malformed(expected: string, position: number, instead: string): CompilerError {
  return new CompilerError(
    "malformed-model",
    `Cannot read the ONNX bytes: expected ${expected} at byte ${position}, but ${instead}; check that the file is a complete ONNX model.`,
  );
}

function narrow(value: bigint): Int64 {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}
