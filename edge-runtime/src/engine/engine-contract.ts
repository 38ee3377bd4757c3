import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ContractGraphs, contractCases, onnxContractGraphs } from "./contract-cases.ts";
import type { Engine } from "./engine.ts";

/**
 * The behaviour every engine shows, as tests: call it from a test file with the engine's name and a way to start it.
 * graphs: the tiny models in the engine's own format, ONNX unless said otherwise
 */
export function engineContract(
  name: string,
  start: () => Promise<Engine>,
  graphs: ContractGraphs = onnxContractGraphs,
): void {
  describe(`${name} keeps the engine contract`, () => {
    let engine: Engine;
    before(async () => {
      engine = await start();
    });
    after(() => engine.close());
    for (const { title, check } of contractCases) test(title, () => check(engine, graphs));
    test("refuses to load once it is closed, and closes twice", async () => {
      const short = await start();
      await short.close();
      await assert.rejects(short.load([graphs.sign]), { code: "engine-closed" });
      await short.close();
    });
  });
}
