import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startInlineEngine } from "../inline-engine.ts";
import { readTfliteFile } from "./tflite-file.ts";
import { tinyTflite, tinyTfliteBackbone } from "./tiny-tflite.ts";
import { loadWasmModule } from "./wasm-module.ts";

describe("a TensorFlow Lite file at the door", () => {
  test("is read as it was written", () => {
    const { inputs, outputs } = readTfliteFile("backbone", tinyTfliteBackbone());
    const common = { isFree: true, quantization: undefined };
    assert.deepEqual(inputs, [{ name: "image", dtype: "uint8", shape: [1, 2, 2, 3], ...common }]);
    assert.deepEqual(outputs, [{ name: "embedding", dtype: "float32", shape: [1, 4], ...common }]);
  });

  test("is read or refused by name wherever it is cut off", () => {
    const whole = tinyTfliteBackbone();
    for (let length = 0; length < whole.length; length += 1) readOrRefuse(whole.slice(0, length));
    assert.throws(() => readTfliteFile("cut", whole.slice(0, 60)), { code: "bad-model" });
  });

  test("is read or refused by name whatever one byte is turned into", () => {
    const whole = tinyTfliteBackbone();
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) readOrRefuse(whole.with(at, value));
    }
  });

  test("is refused when it asks for more memory than devices have", () => {
    const side = 2 ** 20;
    const bytes = tinyTflite({
      inputs: ["x"],
      outputs: ["y"],
      tensors: [
        { name: "x", dtype: "float32", shape: [1, 4] },
        { name: "y", dtype: "float32", shape: [1, side, side] },
      ],
      operators: [{ op: "reshape", inputs: ["x"], output: "y" }],
    });
    assert.ok(bytes.length < 500);
    assert.throws(() => readTfliteFile("giant", bytes), { code: "bad-model", message: /1048576/ });
  });

  test("with an operator that the engine lacks is refused with the engine's own words", async () => {
    const engine = await startInlineEngine({ engine: "tflite" });
    const bytes = alien(tinyTfliteBackbone());
    await assert.rejects(engine.load([{ name: "odd", bytes }]), { code: "bad-model", message: /5000/ });
    await engine.close();
  });
});

test("TensorFlow Lite whose bytes are not the ones that were tried does not start", async () => {
  await assert.rejects(
    loadWasmModule(() => Uint8Array.of(1)),
    { code: "engine-unavailable", message: /SHA-256/ },
  );
  await assert.rejects(
    loadWasmModule(() => {
      throw new Error("ENOENT");
    }),
    { code: "engine-unavailable", message: /cannot be read/ },
  );
});

function readOrRefuse(bytes: Uint8Array): void {
  try {
    readTfliteFile("broken", bytes);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "bad-model", String(error));
  }
}

/** The same file with its dense layer named by an operator code that no engine knows. */
function alien(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  for (let at = 0; at + 4 <= changed.length; at += 4)
    if (view.getUint32(at, true) === 9) view.setUint32(at, 5000, true);
  return changed;
}
