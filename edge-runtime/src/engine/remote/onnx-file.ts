import { EdgeRuntimeError } from "../../errors.ts";

const graphField = 7; // onnx.proto3, ModelProto.graph

/**
 * Checks that bytes are a whole protobuf message with a graph in it, before a server or a builder is troubled with them.
 * @throws {EdgeRuntimeError} `bad-model` naming the graph
 */
export function requireOnnx(graph: string, bytes: Uint8Array): void {
  const reader = new FieldReader(bytes);
  let hasGraph = false;
  while (reader.at < bytes.length) {
    if (reader.skipField() === graphField) hasGraph = true;
  }
  if (reader.at !== bytes.length) throw refuse(graph, "it is cut off or broken");
  if (!hasGraph) throw refuse(graph, "it holds no graph");
}

/** Steps over a protobuf message's fields; past its end, or nowhere, when it is broken. */
class FieldReader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The number of the field that was stepped over. */
  skipField(): number {
    const tag = this.#varint();
    const wire = tag % 8;
    if (wire === 0) this.#varint();
    else if (wire === 1) this.#skip(8);
    else if (wire === 2) this.#skip(this.#varint());
    else if (wire === 5) this.#skip(4);
    else this.at = Number.POSITIVE_INFINITY;
    return Math.floor(tag / 8);
  }

  #skip(bytes: number): void {
    this.at += bytes;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    this.at = Number.POSITIVE_INFINITY;
    return value;
  }
}

function refuse(graph: string, why: string): EdgeRuntimeError {
  return new EdgeRuntimeError("bad-model", `Graph "${graph}" does not load as ONNX: ${why}; compile it again.`);
}
