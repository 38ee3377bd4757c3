import type { IncomingMessage } from "node:http";

/** Gathers a message's body; `tooLarge` makes the error for one of more than `maxBytes`. */
export function wholeBody(message: IncomingMessage, maxBytes: number, tooLarge: () => Error): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    message.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) chunks.push(chunk);
      else message.destroy(tooLarge());
    });
    message.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)));
    message.once("error", reject);
    message.once("aborted", () => reject(Object.assign(new Error("aborted"), { code: "ECONNRESET" })));
  });
}
