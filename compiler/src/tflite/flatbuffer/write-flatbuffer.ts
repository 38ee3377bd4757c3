import { fieldKind, optionTables, scalarBytes, type Table, type TableName, tfliteSchema } from "./schema.ts";

/**
 * Encodes a model as a TFLite file: each table is followed by what it points to, equal vtables are shared, and bytes of
 * buffers begin at multiples of 16, as the runtime's kernels want. The same tables give the same bytes.
 */
export function writeFlatbuffer(model: Table<"Model">): Uint8Array {
  const writer = new Writer();
  writer.root("Model", model);
  return writer.finished();
}

const dataAlignment = 16;

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  readonly #vtables = new Map<string, number>();

  root(name: TableName, table: object): void {
    this.#take(8, 4);
    this.#bytes.set(Buffer.from("TFL3"), 4);
    this.#point(0, this.#table(name, table));
  }

  finished(): Uint8Array {
    return this.#bytes.slice(0, this.#take(0, 4));
  }

  #table(name: TableName, table: object): number {
    const values = new Map<string, unknown>(Object.entries(table));
    const fields = Object.entries(tfliteSchema[name]).map(([field, kind]) => ({ kind, value: values.get(field) }));
    const isPresent = fields.map(({ kind, value }) => value !== undefined && value !== fieldKind(kind).fallback);
    const { offsets, bytes } = placesIn(
      fields.map(({ kind }) => widthOf(kind)),
      isPresent,
    );
    const vtable = this.#vtable(offsets, bytes);
    const start = this.#take(bytes, 4);
    this.#view.setInt32(start, start - vtable, true);
    for (const [slot, { kind, value }] of fields.entries()) {
      if (!isPresent[slot]) continue;
      const at = start + offsets[slot]!;
      if (isScalar(kind)) this.#scalar(fieldKind(kind).element, at, value as number);
      else this.#point(at, this.#child(kind, value, values));
    }
    return start;
  }

  #vtable(offsets: readonly number[], tableBytes: number): number {
    const used = offsets.slice(0, offsets.findLastIndex((offset) => offset > 0) + 1);
    const words = [4 + 2 * used.length, tableBytes, ...used];
    const key = words.join();
    const known = this.#vtables.get(key);
    if (known !== undefined) return known;
    const start = this.#take(2 * words.length, 2);
    for (const [index, word] of words.entries()) this.#view.setUint16(start + 2 * index, word, true);
    this.#vtables.set(key, start);
    return start;
  }

  #child(kind: string, value: unknown, siblings: ReadonlyMap<string, unknown>): number {
    const { element, isVector } = fieldKind(kind);
    if (element === "string") return this.#text(value as string);
    if (kind === "union") {
      const tables: Readonly<Record<number, TableName>> = optionTables;
      return this.#table(tables[Number(siblings.get("optionsType"))]!, value as object);
    }
    return isVector
      ? this.#vector(element, value as ArrayLike<unknown>)
      : this.#table(kind as TableName, value as object);
  }

  #vector(element: string, values: ArrayLike<unknown>): number {
    const width = scalarBytes[element] ?? 4;
    const start = this.#takeVector(values.length, width, element === "uint8" ? dataAlignment : width);
    const at = (index: number) => start + 4 + index * width;
    if (values instanceof Uint8Array) this.#bytes.set(values, at(0));
    else if (element in scalarBytes) {
      for (let index = 0; index < values.length; index += 1) this.#scalar(element, at(index), Number(values[index]));
    } else {
      for (let index = 0; index < values.length; index += 1)
        this.#point(at(index), this.#table(element as TableName, values[index] as object));
    }
    return start;
  }

  #text(text: string): number {
    const bytes = Buffer.from(text, "utf8");
    const start = this.#takeVector(bytes.length, 1, 4);
    this.#bytes.set(bytes, start + 4);
    this.#take(1, 1);
    return start;
  }

  /** Room for a vector's count and elements, of which the first lies at a multiple of `alignment`. */
  #takeVector(count: number, width: number, alignment: number): number {
    while ((this.#aligned(4) + 4) % alignment !== 0) this.#take(4, 4);
    const start = this.#take(4 + count * width, 4);
    this.#view.setUint32(start, count, true);
    return start;
  }

  #point(at: number, target: number): void {
    this.#view.setUint32(at, target - at, true);
  }

  #scalar(kind: string, at: number, value: number): void {
    if (kind === "int8") this.#view.setInt8(at, value);
    else if (kind === "uint8") this.#view.setUint8(at, value);
    else if (kind === "float32") this.#view.setFloat32(at, value, true);
    else if (scalarBytes[kind] === 8) this.#view.setBigInt64(at, BigInt(value), true);
    else this.#view.setInt32(at, value, true);
  }

  #take(count: number, alignment: number): number {
    const start = this.#aligned(alignment);
    this.#end = start + count;
    if (this.#end > this.#bytes.length) this.#grow();
    return start;
  }

  #aligned(alignment: number): number {
    return Math.ceil(this.#end / alignment) * alignment;
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#end + dataAlignment);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function isScalar(kind: string): boolean {
  const { element, isVector } = fieldKind(kind);
  return !isVector && element in scalarBytes;
}

function widthOf(kind: string): number {
  return isScalar(kind) ? scalarBytes[fieldKind(kind).element]! : 4;
}

/** Where each field lies in its table, behind the four bytes that point to the vtable; 0 where it is left out. */
function placesIn(widths: readonly number[], isPresent: readonly boolean[]) {
  let bytes = 4;
  const offsets = widths.map((width, slot) => {
    if (!isPresent[slot]) return 0;
    const offset = Math.ceil(bytes / width) * width;
    bytes = offset + width;
    return offset;
  });
  return { offsets, bytes };
}
