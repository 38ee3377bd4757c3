import { EdgeRuntimeError } from "../errors.ts";
import type { ReleaseFetcher } from "../releases/index.ts";

/**
 * What passed through a fetcher: payload bytes, and whether an interruption was among what went wrong.
 * isStopped: set to end what is being fetched
 */
export interface FetchTally {
  bytes: number;
  wasInterrupted: boolean;
  isStopped: boolean;
}

/** A fetcher that counts what the one behind it gave, until it is stopped. */
export function countedFetcher(fetcher: ReleaseFetcher, tally: FetchTally): ReleaseFetcher {
  const noted = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      requireGoing(tally);
      return await work();
    } catch (error) {
      if (isInterruption(error)) tally.wasInterrupted = true;
      throw error;
    }
  };
  async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        requireGoing(tally);
        tally.bytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      if (isInterruption(error)) tally.wasInterrupted = true;
      throw error;
    }
  }
  return {
    async manifest(digest) {
      const signed = await noted(() => fetcher.manifest(digest));
      tally.bytes += signed.payload.byteLength + signed.signature.byteLength;
      return signed;
    },
    async blob(reference, fromByte) {
      const { offset, chunks } = await noted(() => fetcher.blob(reference, fromByte));
      return { offset, chunks: counted(chunks) };
    },
  };
}

function requireGoing({ isStopped }: FetchTally): void {
  if (isStopped)
    throw new EdgeRuntimeError(
      "fetch-refused",
      "This device is stopping; the release is taken up again at its next start.",
    );
}

function isInterruption(error: unknown): boolean {
  return error instanceof EdgeRuntimeError && (error.code === "fetch-interrupted" || error.code === "hub-unreachable");
}
