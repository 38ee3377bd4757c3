import assert from "node:assert/strict";
import { test } from "node:test";
import { createImagePrefetch } from "./image-prefetch.ts";

test("each image is loaded once while it is wanted, and again after it was let go", () => {
  const loaded: string[] = [];
  const prefetch = createImagePrefetch((url) => loaded.push(url));
  prefetch.want(["a", "b"]);
  prefetch.want(["b", "c"]);
  assert.deepEqual(loaded, ["a", "b", "c"]);
  prefetch.want(["a"]);
  assert.deepEqual(loaded, ["a", "b", "c", "a"]);
});
