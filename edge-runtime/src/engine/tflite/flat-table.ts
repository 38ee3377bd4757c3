/** Says that a FlatBuffer points outside itself. */
export class FlatBufferError extends Error {}

/**
 * A table of a FlatBuffer, read with every offset checked: the format's own JavaScript has no verifier, and an engine's
 * door needs eight fields, so a dependency would add bytes to a device and leave the checking here.
 * https://flatbuffers.dev/internals
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldCount: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
    this.#fields = at - readAt(view, at, 4, () => view.getInt32(at, true));
    const vtable = this.#fields;
    const length = readAt(view, vtable, 2, () => view.getUint16(vtable, true));
    this.#fieldCount = Math.max(0, (length - 4) >> 1);
  }

  /** The table that a buffer's first word points to. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(
      view,
      readAt(view, 0, 4, () => view.getUint32(0, true)),
    );
  }

  int8(field: number, otherwise: number): number {
    const at = this.#find(field, 1);
    return at === undefined ? otherwise : this.#view.getInt8(at);
  }

  text(field: number): string {
    const found = this.#vector(field, 1);
    if (found === undefined) return "";
    return new TextDecoder().decode(
      new Uint8Array(this.#view.buffer, this.#view.byteOffset + found.at, Math.min(found.length, maxTextBytes)),
    );
  }

  int32s(field: number): number[] {
    return this.#numbers(field, 4, (at) => this.#view.getInt32(at, true));
  }

  float32s(field: number): number[] {
    return this.#numbers(field, 4, (at) => this.#view.getFloat32(at, true));
  }

  int64s(field: number): number[] {
    return this.#numbers(field, 8, (at) => Number(this.#view.getBigInt64(at, true)));
  }

  table(field: number): FlatTable | undefined {
    const at = this.#find(field, 4);
    return at === undefined ? undefined : new FlatTable(this.#view, at + this.#view.getUint32(at, true));
  }

  tables(field: number): FlatTable[] {
    return this.#numbers(field, 4, (at) => at + this.#view.getUint32(at, true)).map(
      (at) => new FlatTable(this.#view, at),
    );
  }

  #numbers(field: number, bytes: number, read: (at: number) => number): number[] {
    const found = this.#vector(field, bytes);
    return Array.from({ length: found?.length ?? 0 }, (_, index) => read((found?.at ?? 0) + index * bytes));
  }

  #vector(field: number, bytes: number): { readonly at: number; readonly length: number } | undefined {
    const at = this.#find(field, 4);
    if (at === undefined) return undefined;
    const start = at + this.#view.getUint32(at, true);
    const length = readAt(this.#view, start, 4, () => this.#view.getUint32(start, true));
    return readAt(this.#view, start + 4, length * bytes, () => ({ at: start + 4, length }));
  }

  /** Where a field lies; `undefined` where the table leaves it out. */
  #find(field: number, bytes: number): number | undefined {
    if (field >= this.#fieldCount) return undefined;
    const entry = this.#fields + 4 + field * 2;
    const offset = readAt(this.#view, entry, 2, () => this.#view.getUint16(entry, true));
    return offset === 0 ? undefined : readAt(this.#view, this.#at + offset, bytes, () => this.#at + offset);
  }
}

const maxTextBytes = 4096;

function readAt<T>(view: DataView, at: number, bytes: number, read: () => T): T {
  if (at < 0 || at + bytes > view.byteLength)
    throw new FlatBufferError(`byte ${at} + ${bytes} lies outside its ${view.byteLength} bytes`);
  return read();
}
