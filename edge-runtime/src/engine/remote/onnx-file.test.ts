import assert from "node:assert/strict";
import { test } from "node:test";
import { tinyBackbone } from "../tiny-onnx.ts";
import { requireOnnx } from "./onnx-file.ts";

test("a whole ONNX file passes, one that is cut off anywhere does not", () => {
  const whole = tinyBackbone();
  requireOnnx("whole", whole);
  for (let length = 0; length < whole.length; length += 1) {
    const cut = whole.subarray(0, length);
    // Only behind the graph's own end may a cut leave a whole message with a graph.
    if (length > whole.length - 8) continue;
    assert.throws(() => requireOnnx("cut", cut), { code: "bad-model" }, `cut at ${length}`);
  }
});

test("bytes that are no message with a graph are refused by name", () => {
  for (const bytes of [[], [1, 2, 3], [8, 255, 255], [8, 8], [0x3a, 5, 0], Array.from({ length: 64 }, () => 255)])
    assert.throws(() => requireOnnx("junk", Uint8Array.from(bytes)), { code: "bad-model", message: /"junk"/ });
});
