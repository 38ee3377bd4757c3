/** One encoded image of a source; name: the file's, or its place in the stream. */
export interface SourcedImage {
  readonly name: string;
  readonly image: Uint8Array;
}

/** Images one after the other; ends by itself or when its signal is aborted. */
export type Source = AsyncIterable<SourcedImage>;
