/** Keeps the images of the questions to come decoded, so that the next one is shown without waiting. */
export type ImagePrefetch = { readonly want: (urls: readonly string[]) => void };

/** Makes a prefetch that holds as many images as are wanted, and lets the others go. load: fetches and decodes one */
export function createImagePrefetch<T>(load: (url: string) => T): ImagePrefetch {
  const held = new Map<string, T>();
  return {
    want(urls) {
      const wanted = new Set(urls);
      for (const url of held.keys()) if (!wanted.has(url)) held.delete(url);
      for (const url of urls) if (!held.has(url)) held.set(url, load(url));
    },
  };
}

/** Loads an image in the browser and asks for its pixels at once. */
export function loadImage(url: string): HTMLImageElement {
  const image = new Image();
  image.src = url;
  image.decode().catch(() => undefined); // shown, or told to be missing, where it is looked at
  return image;
}
