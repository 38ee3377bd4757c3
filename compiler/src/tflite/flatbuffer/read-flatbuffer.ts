import { CompilerError } from "../../errors.ts";
import {
  type FieldKind,
  fieldKind,
  optionTables,
  scalarBytes,
  type Table,
  type TableName,
  tfliteSchema,
} from "./schema.ts";

const identifier = "TFL3";

/** Whether bytes begin as a TFLite file does: its identifier stands at byte 4. */
export function isTflite(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && Buffer.from(bytes.subarray(4, 8)).toString("latin1") === identifier;
}

/**
 * Decodes a TFLite file into plain tables; vectors of bytes stay views into the file. Every offset is checked, and the
 * work is bounded by the file's size, so that offsets which share one table a million times are refused too.
 * @throws {CompilerError} `malformed-model`
 */
export function readFlatbuffer(bytes: Uint8Array): Table<"Model"> {
  if (!isTflite(bytes)) throw malformed(`the identifier ${identifier} at byte 4`, "other bytes");
  return new Reader(bytes).table("Model", 0) as Table<"Model">;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #budget: number;

  constructor(bytes: Uint8Array) {
    // A Buffer's slices are no copies, as those who read constants expect them to be.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = 8 * bytes.length;
  }

  /** The table that the offset at `at` points to. */
  table(name: TableName, at: number): Record<string, unknown> {
    const start = this.#target(at);
    const vtable = start - this.#view.getInt32(this.#inside(start, 4), true);
    const vtableBytes = this.#view.getUint16(this.#inside(vtable, 4), true);
    this.#inside(vtable, vtableBytes);
    this.#spend(vtableBytes + 8);
    const found: Record<string, unknown> = {};
    const fields = Object.entries(tfliteSchema[name]);
    for (const [slot, [field, kind]] of fields.entries()) {
      const entry = 4 + 2 * slot;
      const offset = entry + 2 <= vtableBytes ? this.#view.getUint16(vtable + entry, true) : 0;
      const place = offset === 0 ? undefined : start + offset;
      const value = kind === "union" ? this.#union(found, fields[slot - 1]![0], place) : this.#field(kind, place);
      if (value !== undefined) found[field] = value;
    }
    return found;
  }

  #union(found: Record<string, unknown>, typeField: string, place: number | undefined) {
    const tables: Readonly<Record<number, TableName>> = optionTables;
    const name = tables[Number(found[typeField])];
    // The details of a quantization are a union too, of which this room knows no member.
    return typeField !== "optionsType" || name === undefined || place === undefined
      ? undefined
      : this.table(name, place);
  }

  #field(kind: string, place: number | undefined): unknown {
    const { element, isVector, fallback } = fieldKind(kind);
    const isScalar = element in scalarBytes && !isVector;
    if (place === undefined) return isScalar ? fallback : undefined;
    if (isScalar) return this.#scalar(element, this.#inside(place, scalarBytes[element]!));
    if (element === "string") return this.#text(place);
    return isVector ? this.#vector({ element, isVector, fallback }, place) : this.table(element as TableName, place);
  }

  #vector({ element }: FieldKind, place: number): unknown {
    const width = scalarBytes[element] ?? 4;
    const { start, count } = this.#elements(place, width);
    if (element === "uint8") return this.#bytes.subarray(start, start + count);
    this.#spend(count * width);
    const places = Array.from({ length: count }, (_, index) => start + index * width);
    if (element === "float32") return Float32Array.from(places, (at) => this.#view.getFloat32(at, true));
    return places.map((at) =>
      element in scalarBytes ? this.#scalar(element, at) : this.table(element as TableName, at),
    );
  }

  #text(place: number): string {
    const { start, count } = this.#elements(place, 1);
    this.#spend(count);
    return Buffer.from(this.#bytes.subarray(start, start + count)).toString("utf8");
  }

  #elements(place: number, width: number): { readonly start: number; readonly count: number } {
    const at = this.#target(place);
    const count = this.#view.getUint32(this.#inside(at, 4), true);
    return { start: this.#inside(at + 4, count * width), count };
  }

  #scalar(kind: string, at: number): number {
    switch (kind) {
      case "int8":
        return this.#view.getInt8(at);
      case "uint8":
        return this.#view.getUint8(at);
      case "int32":
        return this.#view.getInt32(at, true);
      case "uint32":
        return this.#view.getUint32(at, true);
      case "float32":
        return this.#view.getFloat32(at, true);
      case "uint64":
        return Number(this.#view.getBigUint64(at, true));
      default:
        return Number(this.#view.getBigInt64(at, true));
    }
  }

  #target(at: number): number {
    return at + this.#view.getUint32(this.#inside(at, 4), true);
  }

  #inside(at: number, count: number): number {
    if (at >= 0 && at + count <= this.#bytes.length) return at;
    throw malformed(`${count} bytes at ${at}`, `a file of ${this.#bytes.length} bytes`);
  }

  #spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw malformed("tables that the file holds once each", "tables shared again and again");
  }
}

function malformed(expected: string, instead: string): CompilerError {
  return new CompilerError(
    "malformed-model",
    `Cannot read the TFLite file: expected ${expected}, found ${instead}; the file is damaged or no .tflite file.`,
  );
}
