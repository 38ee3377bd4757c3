import type { BlobReference, Signed } from "@fieldloop/devices";

/** Bytes of a blob from `offset` on, in order; `offset` is 0 where the source cannot resume. */
export interface BlobStream {
  readonly offset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Where a release comes from. Nothing it gives is trusted: signatures, digests and lengths are checked by who asks.
 * Errors: `fetch-interrupted` when trying again may help, `fetch-refused` when it cannot.
 */
export interface ReleaseFetcher {
  manifest(digest: string): Promise<Signed>;
  /** fromByte: how much is already here */
  blob(reference: BlobReference, fromByte: number): Promise<BlobStream>;
}
