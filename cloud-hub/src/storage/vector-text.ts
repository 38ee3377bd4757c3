/** A vector as the text that `$1::vector` takes. */
export function vectorText(values: ArrayLike<number>): string {
  return `[${Array.from(values).join(",")}]`;
}

/** The numbers of a vector that came back as text. */
export function parseVector(text: string): Float32Array {
  return Float32Array.from(JSON.parse(text) as number[]); // pgvector prints a JSON array
}
