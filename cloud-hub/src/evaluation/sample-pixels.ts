import type { PreprocessSpec } from "@fieldloop/devices";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import type { Hub } from "../hub-parts.ts";

const loadedAtOnce = 16;
const cachedBytesAtMost = 96 * 1024 * 1024;

type Cache = { readonly images: Map<string, RawImage>; bytes: number };
const caches = new WeakMap<object, Cache>();

/**
 * The pixels of samples' images at a model's input size, in order. What was decoded lately is kept: an evaluation, a gate
 * and a golden choice ask for the same validation images.
 */
export async function samplePixels(
  hub: Pick<Hub, "bench" | "readBlob">,
  samples: readonly { readonly blob: string }[],
  spec: PreprocessSpec,
): Promise<RawImage[]> {
  const cache = caches.get(hub.bench) ?? { images: new Map<string, RawImage>(), bytes: 0 };
  caches.set(hub.bench, cache);
  const load = async ({ blob }: { readonly blob: string }): Promise<RawImage> => {
    const key = `${blob} ${spec.operator} ${spec.version} ${spec.width} ${spec.height}`;
    const image = cache.images.get(key) ?? (await hub.bench.decode(await hub.readBlob(blob), spec));
    keep(cache, key, image);
    return image;
  };
  const images: RawImage[] = [];
  for (let start = 0; start < samples.length; start += loadedAtOnce) {
    images.push(...(await Promise.all(samples.slice(start, start + loadedAtOnce).map(load))));
  }
  return images;
}

function keep(cache: Cache, key: string, image: RawImage): void {
  if (cache.images.delete(key)) cache.bytes -= image.data.length;
  cache.images.set(key, image);
  cache.bytes += image.data.length;
  for (const [oldest, old] of cache.images) {
    if (cache.bytes <= cachedBytesAtMost || oldest === key) break;
    cache.images.delete(oldest);
    cache.bytes -= old.data.length;
  }
}
