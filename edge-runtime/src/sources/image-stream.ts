import { EdgeRuntimeError } from "../errors.ts";
import { imageLimits } from "../operators/index.ts";
import type { Source } from "./source.ts";

const headerBytes = 4;

/**
 * Images from a byte stream: each is its length (u32, big endian) and so many bytes.
 * @throws {EdgeRuntimeError} `bad-source` for an empty or too long image, or a stream cut inside one
 */
export async function* imageStream(bytes: AsyncIterable<Uint8Array>): Source {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let count = 0;
  let wanted: number | undefined;
  for await (const chunk of bytes) {
    held.push(chunk);
    heldBytes += chunk.byteLength;
    while (heldBytes >= (wanted ?? headerBytes)) {
      const joined = Buffer.concat(held, heldBytes);
      const end = wanted ?? headerBytes;
      held = [joined.subarray(end)];
      heldBytes -= end;
      if (wanted === undefined) {
        wanted = checkedLength(joined.readUInt32BE(0), count + 1);
        continue;
      }
      wanted = undefined;
      count += 1;
      yield { name: `#${count}`, image: new Uint8Array(joined.subarray(0, end)) };
    }
  }
  if (heldBytes > 0 || wanted !== undefined)
    throw badSource(count + 1, `the stream ended inside it, ${heldBytes} bytes after its start`);
}

function checkedLength(length: number, place: number): number {
  if (length > 0 && length <= imageLimits.inputBytes) return length;
  throw badSource(place, `its length says ${length}`);
}

function badSource(place: number, what: string): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "bad-source",
    `Expected images on standard input, each a length (u32, big endian, 1 to ${imageLimits.inputBytes}) and so many bytes; at image ${place} ${what}.`,
  );
}
