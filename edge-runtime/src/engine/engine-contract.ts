import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Engine } from "./engine.ts";
import type { Tensor } from "./tensor.ts";
import { tinyBackbone, tinyHead, tinyOnnx } from "./tiny-onnx.ts";

/** The behaviour every engine shows, as tests: call it from a test file with the engine's name and a way to start it. */
export function engineContract(name: string, start: () => Promise<Engine>): void {
  describe(`${name} keeps the engine contract`, () => {
    let engine: Engine;
    before(async () => {
      engine = await start();
    });
    after(() => engine.close());

    const backbone = { name: "backbone", bytes: tinyBackbone() };
    const sign = { name: "sign", bytes: tinyHead("sign", { seed: 2 }) };
    const category = { name: "category", bytes: tinyHead("category", { classes: 2, seed: 3 }) };
    const image = (batch: number, value = 9): Tensor => ({
      dtype: "uint8",
      shape: [batch, 2, 2, 3],
      data: Uint8Array.from({ length: batch * 12 }, (_, i) => (i * value) % 256),
    });

    test("tells inputs that no earlier graph gives, and outputs of all", async () => {
      const model = await engine.load([backbone, sign, category]);
      assert.deepEqual(model.inputs, [{ name: "image", dtype: "uint8", shape: ["N", 2, 2, 3] }]);
      assert.deepEqual(
        model.outputs.map((port) => port.name),
        ["embedding", "sign", "category"],
      );
      await model.unload();
    });

    test("chains a backbone and its heads in one run, equal to running them one by one", async () => {
      const whole = await engine.load([backbone, sign, category]);
      const first = await engine.load([backbone]);
      const second = await engine.load([sign]);
      const { outputs, runUs } = await whole.run({ image: image(1) });
      const { embedding } = (await first.run({ image: image(1) })).outputs;
      assert.ok(embedding);
      const alone = await second.run({ embedding });
      assert.deepEqual(outputs.sign, alone.outputs.sign);
      assert.deepEqual(outputs.category?.shape, [1, 2]);
      assert.ok(runUs > 0);
    });

    test("takes any batch size where the graph leaves it free, row by row equal to single runs", async () => {
      const model = await engine.load([backbone, sign]);
      const batch = await model.run({ image: image(3) });
      assert.deepEqual(batch.outputs.sign?.shape, [3, 3]);
      for (let row = 0; row < 3; row += 1) {
        const pixels = image(3).data.slice(row * 12, row * 12 + 12);
        const single = await model.run({ image: { dtype: "uint8", shape: [1, 2, 2, 3], data: pixels } });
        const expected = batch.outputs.sign?.data.slice(row * 3, row * 3 + 3) as Float32Array;
        single.outputs.sign?.data.forEach((value, i) => {
          assert.ok(Math.abs(Number(value) - (expected[i] ?? Number.NaN)) < 1e-5, "kernels may differ by batch size");
        });
      }
    });

    test("answers concurrent runs each with its own result", async () => {
      const model = await engine.load([backbone]);
      const alone: Tensor[] = [];
      for (let i = 1; i <= 20; i += 1)
        alone.push((await model.run({ image: image(1, i) })).outputs.embedding as Tensor);
      const together = await Promise.all(alone.map((_, i) => model.run({ image: image(1, i + 1) })));
      together.forEach(({ outputs }, i) => {
        assert.deepEqual(outputs.embedding, alone[i]);
      });
    });

    test("carries 64-bit integers and empty batches unharmed", async () => {
      const identity = tinyOnnx({
        inputs: [{ name: "x", dtype: "int64", shape: ["N"] }],
        outputs: [{ name: "y", dtype: "int64", shape: ["N"] }],
        nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
      });
      const model = await engine.load([{ name: "identity", bytes: identity }]);
      const data = BigInt64Array.from([1n, -(2n ** 62n), 7n]);
      assert.deepEqual((await model.run({ x: { dtype: "int64", shape: [3], data } })).outputs.y?.data, data);
      const empty = await model.run({ x: { dtype: "int64", shape: [0], data: new BigInt64Array(0) } });
      assert.equal(empty.outputs.y?.data.length, 0);
    });

    test("refuses bytes that are no graph, and no graphs at all, and goes on", async () => {
      await assert.rejects(engine.load([{ name: "junk", bytes: Uint8Array.of(1, 2, 3) }]), { code: "bad-model" });
      await assert.rejects(engine.load([]), { code: "bad-model" });
      await assert.rejects(engine.load([sign, sign]), { code: "bad-model" });
      await assert.doesNotReject(engine.load([sign]));
    });

    test("refuses missing, alien, misshapen and mistyped inputs by name", async () => {
      const model = await engine.load([backbone]);
      const wrong: Record<string, Tensor>[] = [
        {},
        { image: image(1), other: image(1) },
        { image: { dtype: "uint8", shape: [1, 2, 3, 2], data: new Uint8Array(12) } },
        { image: { dtype: "float32", shape: [1, 2, 2, 3], data: new Float32Array(12) } },
        { image: { dtype: "uint8", shape: [1, 2, 2, 3], data: new Uint8Array(11) } },
      ];
      for (const inputs of wrong) await assert.rejects(model.run(inputs), { code: "bad-input" });
      await assert.doesNotReject(model.run({ image: image(1) }));
    });

    test("finishes accepted runs before a model is unloaded, then refuses it", async () => {
      const model = await engine.load([backbone]);
      const accepted = Array.from({ length: 10 }, () => model.run({ image: image(1) }));
      await Promise.all([model.unload(), ...accepted]);
      await assert.rejects(model.run({ image: image(1) }), { code: "model-unloaded" });
      await assert.doesNotReject(model.unload());
    });
  });
}
