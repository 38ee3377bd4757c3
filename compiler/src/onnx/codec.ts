import { type Int64, type Message, type MessageName, onnxSchema } from "./schema.ts";
import { malformed, varintSize, WireReader, WireWriter } from "./wire.ts";

type Scalar = "int32" | "int64" | "uint64" | "float" | "double" | "string" | "bytes";

interface Field {
  readonly key: string;
  readonly number: number;
  readonly label: "one" | "many" | "packed";
  readonly scalar: Scalar | undefined;
  readonly message: MessageName | undefined;
  readonly wireType: number;
}

type Fields = Record<string, unknown> & { unknownFields?: Uint8Array[] };

const deepestNesting = 100;
const wireTypes: Readonly<Record<string, number>> = { int32: 0, int64: 0, uint64: 0, double: 1, float: 5 };
const fieldsByNumber = new Map<string, ReadonlyMap<number, Field>>();
const fieldsInOrder = new Map<string, readonly Field[]>();
for (const [message, table] of Object.entries(onnxSchema)) {
  const fields = Object.entries(table).map(([key, entry]) => fieldOf(key, entry));
  fieldsInOrder.set(
    message,
    fields.sort((left, right) => left.number - right.number),
  );
  fieldsByNumber.set(message, new Map(fields.map((field) => [field.number, field])));
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true });
const utf8Encoder = new TextEncoder();

/**
 * Reads one protobuf message of the ONNX schema; byte fields (raw_data) are views into `bytes`, nothing is copied.
 * @throws {CompilerError} `malformed-model` on truncated, alien or too deeply nested bytes
 */
export function decodeMessage<N extends MessageName>(name: N, bytes: Uint8Array): Message<N> {
  // The schema's types are derived from the very table that drives the reader.
  return readMessage(name, new WireReader(bytes), 0) as Message<N>;
}

/**
 * Writes one protobuf message of the ONNX schema: fields in ascending number, unknown ones last.
 * Bytes that a standard protobuf writer made come back identical.
 */
export function encodeMessage<N extends MessageName>(name: N, message: Message<N>): Uint8Array {
  const sizes: number[] = [];
  const size = sizeOfMessage(name, message as Fields, sizes);
  const writer = new WireWriter(size);
  writeMessage(name, message as Fields, writer, { sizes, next: 1 });
  return writer.bytes;
}

function fieldOf(key: string, entry: readonly [number, string, Field["label"]]): Field {
  const [number, type, label] = entry;
  const isMessage = Object.hasOwn(onnxSchema, type);
  return {
    key,
    number,
    label,
    scalar: isMessage ? undefined : (type as Scalar),
    message: isMessage ? (type as MessageName) : undefined,
    wireType: wireTypes[type] ?? 2,
  };
}

function readMessage(name: MessageName, reader: WireReader, depth: number): Fields {
  if (depth > deepestNesting)
    throw malformed(`at most ${deepestNesting} nested messages`, reader.position, "there are more");
  const fields = fieldsByNumber.get(name) as ReadonlyMap<number, Field>;
  const message: Fields = {};
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.unsigned();
    const wireType = Number(tag) % 8;
    const number = Math.floor(Number(tag) / 8);
    if (number === 0) throw malformed("a field number above 0", start, "found 0");
    const field = fields.get(number);
    if (field === undefined) keepUnknown(message, reader, start, wireType);
    else readField(message, field, reader, wireType, depth);
  }
  return message;
}

function keepUnknown(message: Fields, reader: WireReader, start: number, wireType: number): void {
  reader.skip(wireType);
  message.unknownFields ??= [];
  message.unknownFields.push(reader.bytes.subarray(start, reader.position));
}

function readField(message: Fields, field: Field, reader: WireReader, wireType: number, depth: number): void {
  const isPackedRun = wireType === 2 && field.wireType !== 2 && field.label !== "one";
  if (wireType !== field.wireType && !isPackedRun) {
    throw malformed(`wire type ${field.wireType} for ${field.key}`, reader.position, `found ${wireType}`);
  }
  if (isPackedRun) appendRun(message, field, readRun(field, reader.window()));
  else if (field.label === "one") message[field.key] = readValue(field, reader, depth);
  else listOf(message, field).push(readValue(field, reader, depth));
}

function appendRun(message: Fields, field: Field, run: unknown[] | Float32Array | Float64Array): void {
  if (message[field.key] === undefined) message[field.key] = run;
  else for (const value of run) listOf(message, field).push(value);
}

function listOf(message: Fields, field: Field): unknown[] {
  const before = message[field.key];
  if (Array.isArray(before)) return before;
  const list = before === undefined ? [] : Array.from(before as Float32Array);
  message[field.key] = list;
  return list;
}

function readRun(field: Field, window: WireReader): unknown[] | Float32Array | Float64Array {
  if (field.label === "packed" && (field.scalar === "float" || field.scalar === "double")) {
    return readFloatRun(field.scalar, window.rest(), window.position);
  }
  const values: unknown[] = [];
  while (!window.done) values.push(readValue(field, window, 0));
  return values;
}

function readFloatRun(scalar: "float" | "double", bytes: Uint8Array, position: number): Float32Array | Float64Array {
  const width = scalar === "float" ? 4 : 8;
  if (bytes.length % width !== 0) throw malformed(`packed values of ${width} bytes`, position, `${bytes.length} came`);
  const copy = new Uint8Array(bytes).buffer;
  return scalar === "float" ? new Float32Array(copy) : new Float64Array(copy);
}

function readValue(field: Field, reader: WireReader, depth: number): unknown {
  if (field.message !== undefined) return readMessage(field.message, reader.window(), depth + 1);
  if (field.scalar === "bytes") return reader.window().rest();
  if (field.scalar === "string") return readString(reader.window());
  if (field.scalar === "float") return reader.float();
  if (field.scalar === "double") return reader.double();
  if (field.scalar === "uint64") return reader.unsigned();
  const value = reader.signed();
  return field.scalar === "int32" ? int32Of(value) : value;
}

function int32Of(value: Int64): number {
  return typeof value === "number" ? value | 0 : Number(BigInt.asIntN(32, value));
}

function readString(window: WireReader): string {
  const start = window.position;
  try {
    return utf8Decoder.decode(window.rest());
  } catch {
    throw malformed("UTF-8 text", start, "other bytes came");
  }
}

function sizeOfMessage(name: MessageName, message: Fields, sizes: number[]): number {
  const slot = sizes.push(0) - 1;
  let size = 0;
  for (const field of fieldsInOrder.get(name) as readonly Field[]) {
    const value = message[field.key];
    if (value !== undefined) size += sizeOfField(field, value, sizes);
  }
  for (const unknown of message.unknownFields ?? []) size += unknown.length;
  sizes[slot] = size;
  return size;
}

function sizeOfField(field: Field, value: unknown, sizes: number[]): number {
  if (field.label === "one") return tagSize(field) + sizeOfValue(field, value, sizes);
  const values = value as ArrayLike<unknown>;
  let size = 0;
  for (let index = 0; index < values.length; index++) size += sizeOfValue(field, values[index], sizes);
  if (field.label === "many") return size + values.length * tagSize(field);
  if (values.length === 0) return 0;
  sizes.push(size);
  return tagSize(field) + varintSize(size) + size;
}

function tagSize(field: Field): number {
  return varintSize(field.number * 8);
}

function sizeOfValue(field: Field, value: unknown, sizes: number[]): number {
  if (field.message !== undefined) return withLength(sizeOfMessage(field.message, value as Fields, sizes));
  if (field.scalar === "bytes") return withLength((value as Uint8Array).length);
  if (field.scalar === "string") return withLength(Buffer.byteLength(value as string));
  if (field.scalar === "float") return 4;
  if (field.scalar === "double") return 8;
  return varintSize(value as Int64);
}

function withLength(size: number): number {
  return varintSize(size) + size;
}

interface SizeCursor {
  readonly sizes: readonly number[];
  next: number;
}

function writeMessage(name: MessageName, message: Fields, writer: WireWriter, cursor: SizeCursor): void {
  for (const field of fieldsInOrder.get(name) as readonly Field[]) {
    const value = message[field.key];
    if (value !== undefined) writeField(field, value, writer, cursor);
  }
  for (const unknown of message.unknownFields ?? []) writer.raw(unknown);
}

function writeField(field: Field, value: unknown, writer: WireWriter, cursor: SizeCursor): void {
  if (field.label === "packed") {
    writeRun(field, value as ArrayLike<unknown>, writer, cursor);
    return;
  }
  for (const one of field.label === "one" ? [value] : (value as readonly unknown[])) {
    writer.varint(field.number * 8 + field.wireType);
    writeValue(field, one, writer, cursor);
  }
}

function writeRun(field: Field, values: ArrayLike<unknown>, writer: WireWriter, cursor: SizeCursor): void {
  if (values.length === 0) return;
  writer.varint(field.number * 8 + 2);
  writer.varint(cursor.sizes[cursor.next++] as number);
  // Copied as bytes: a NaN's payload does not survive being a JS number.
  if (values instanceof Float32Array || values instanceof Float64Array) {
    writer.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return;
  }
  for (let index = 0; index < values.length; index++) writeValue(field, values[index], writer, cursor);
}

function writeValue(field: Field, value: unknown, writer: WireWriter, cursor: SizeCursor): void {
  if (field.message !== undefined) {
    writer.varint(cursor.sizes[cursor.next++] as number);
    writeMessage(field.message, value as Fields, writer, cursor);
  } else if (field.scalar === "bytes") writeBytes(value as Uint8Array, writer);
  else if (field.scalar === "string") writeBytes(utf8Encoder.encode(value as string), writer);
  else if (field.scalar === "float") writer.float(value as number);
  else if (field.scalar === "double") writer.double(value as number);
  else writer.varint(value as Int64);
}

function writeBytes(bytes: Uint8Array, writer: WireWriter): void {
  writer.varint(bytes.length);
  writer.raw(bytes);
}
