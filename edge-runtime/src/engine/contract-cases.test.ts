import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { contractFailures, onnxContractGraphs } from "./contract-cases.ts";
import type { Engine, LoadedModel, RunResult } from "./engine.ts";
import { startInlineEngine } from "./inline-engine.ts";
import type { Tensor } from "./tensor.ts";

/** Ways for an engine to be wrong that a caller would notice late; the contract has to notice each at once. */
const breakages: Readonly<Record<string, (honest: Engine) => Engine>> = {
  "loads whatever it is given": (honest) => ({
    ...honest,
    load: (graphs) => honest.load(graphs).catch(() => honest.load([onnxContractGraphs.sign])),
  }),
  "tells its outputs in another order": (honest) =>
    withModel(honest, (model) => ({ ...model, outputs: model.outputs.toReversed() })),
  "is off by a thousandth": (honest) => withRun(honest, async (run) => changed(await run(), (value) => value * 1.001)),
  "leaves quantized values as they are stored": (honest) =>
    withRun(honest, async (run) => changed(await run(), (value) => Math.round(value / 0.01))),
  "answers with the run before": (honest) => {
    let last: RunResult | undefined;
    return withRun(honest, async (run) => {
      const result = await run();
      const told = last ?? result;
      last = result;
      return told;
    });
  },
  "writes every answer into the same memory": (honest) => {
    const memory = new Float32Array(64);
    return withRun(honest, async (run) => {
      const result = await run();
      const outputs = Object.entries(result.outputs).map(([name, tensor]): [string, Tensor] => {
        if (!(tensor.data instanceof Float32Array)) return [name, tensor];
        memory.set(tensor.data);
        return [name, { ...tensor, data: memory.subarray(0, tensor.data.length) }];
      });
      return { ...result, outputs: Object.fromEntries(outputs) };
    });
  },
  "squeezes whole numbers through floats": (honest) =>
    withRun(honest, async (run) => {
      const result = await run();
      const y = result.outputs.y;
      if (y === undefined) return result;
      const data = BigInt64Array.from(y.data as BigInt64Array, (value) => BigInt(Math.fround(Number(value))));
      return { ...result, outputs: { y: { ...y, data } } };
    }),
  "answers inputs that do not fit": (honest) =>
    withRun(honest, (run) => run().catch(() => ({ outputs: {}, runUs: 1 }))),
  "says nothing of time": (honest) => withRun(honest, async (run) => ({ ...(await run()), runUs: 0 })),
  "runs what was unloaded": (honest) => withModel(honest, (model) => ({ ...model, unload: async () => undefined })),
};

describe("the engine contract", () => {
  let honest: Engine;
  before(async () => {
    honest = await startInlineEngine();
  });
  after(() => honest.close());

  test("is kept by an honest engine in every case", async () => {
    assert.deepEqual(await contractFailures(honest), []);
  });

  for (const [name, breakIt] of Object.entries(breakages)) {
    test(`catches an engine that ${name}`, async () => {
      assert.notDeepEqual(await contractFailures(breakIt(honest)), []);
    });
  }
});

function withModel(honest: Engine, change: (model: LoadedModel) => LoadedModel): Engine {
  return { ...honest, load: async (graphs) => change(await honest.load(graphs)) };
}

function withRun(honest: Engine, change: (run: () => Promise<RunResult>) => Promise<RunResult>): Engine {
  return withModel(honest, (model) => ({ ...model, run: (...given) => change(() => model.run(...given)) }));
}

function changed(result: RunResult, change: (value: number) => number): RunResult {
  const outputs = Object.entries(result.outputs).map(([name, tensor]): [string, Tensor] =>
    tensor.data instanceof Float32Array ? [name, { ...tensor, data: tensor.data.map(change) }] : [name, tensor],
  );
  return { ...result, outputs: Object.fromEntries(outputs) };
}
