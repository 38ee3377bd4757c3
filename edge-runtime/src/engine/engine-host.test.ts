import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EngineExit } from "./engine.ts";
import { engineContract } from "./engine-contract.ts";
import { type EngineHostOptions, startEngineHost } from "./engine-host.ts";
import type { Tensor } from "./tensor.ts";
import { tinyBurner, tinyHead } from "./tiny-onnx.ts";

engineContract("the engine host", () => startEngineHost());

const burner = { name: "burner", bytes: tinyBurner() };
const size = (n: number): Record<string, Tensor> => ({
  size: { dtype: "int64", shape: [2], data: BigInt64Array.of(BigInt(n), BigInt(n)) },
});

async function hostWithExit(options: EngineHostOptions) {
  const exits: EngineExit[] = [];
  const host = await startEngineHost({ ...options, onExit: (exit) => exits.push(exit) });
  return { host, exits };
}

describe("an engine host's watchdog", () => {
  test("kills a run past its deadline, names it, and tells why the process ended", async () => {
    const { host, exits } = await hostWithExit({ runTimeoutMs: 150 });
    const model = await host.load([burner]);
    const waiting = model.run(size(3000));
    const behind = model.run(size(2));
    await assert.rejects(waiting, { code: "run-timeout" });
    await assert.rejects(behind, { code: "engine-crashed" });
    assert.deepEqual(
      exits.map((exit) => [exit.reason, exit.signal]),
      [["run-timeout", "SIGKILL"]],
    );
    await assert.rejects(host.load([burner]), { code: "engine-crashed" });
    await host.close();
  });

  test("lets one run state its own shorter deadline", async () => {
    const { host } = await hostWithExit({});
    const model = await host.load([burner]);
    await assert.rejects(model.run(size(3000), 100), { code: "run-timeout" });
    await host.close();
  });

  test("kills a process that outgrows its memory", async () => {
    const { host, exits } = await hostWithExit({ memoryBytes: 400 * 1024 ** 2 });
    const model = await host.load([burner]);
    await assert.rejects(model.run(size(16_000)), { code: "memory-exceeded" });
    assert.equal(exits[0]?.reason, "memory-exceeded");
    await host.close();
  });

  test("reports a process that dies mid-run, and another host takes over", async () => {
    const { host, exits } = await hostWithExit({});
    const model = await host.load([burner]);
    const running = model.run(size(2000));
    setTimeout(() => process.kill(host.pid, "SIGKILL"), 50);
    await assert.rejects(running, { code: "engine-crashed" });
    assert.equal(exits[0]?.reason, "crashed");
    assert.equal(host.exit, exits[0]);
    const next = await startEngineHost();
    const again = await next.load([burner]);
    assert.equal((await again.run(size(2))).outputs.m8?.data.length, 4);
    await next.close();
  });
});

describe("an engine host's limits", () => {
  test("refuses more waiting requests than it was given room for", async () => {
    const host = await startEngineHost({ maxWaiting: 2 });
    const model = await host.load([burner]);
    const accepted = [model.run(size(500)), model.run(size(2)), model.run(size(2))];
    await assert.rejects(model.run(size(2)), { code: "engine-busy" });
    await Promise.all(accepted);
    await host.close();
  });

  test("refuses a message larger than a frame may be, either way, and lives", async () => {
    const host = await startEngineHost({ maxFrameBytes: 4096 });
    await assert.rejects(host.load([{ name: "fat", bytes: new Uint8Array(5000) }]), { code: "frame-too-large" });
    const model = await host.load([burner]);
    await assert.rejects(model.run(size(64)), { code: "frame-too-large" });
    assert.equal((await model.run(size(4))).outputs.m8?.data.length, 16);
    await host.close();
  });

  test("drains accepted runs on close and refuses what comes later", async () => {
    const { host, exits } = await hostWithExit({});
    const model = await host.load([burner]);
    const accepted = [model.run(size(300)), model.run(size(300))];
    await Promise.all([host.close(), ...accepted]);
    assert.deepEqual(
      exits.map((exit) => exit.reason),
      ["closed"],
    );
    await assert.rejects(model.run(size(2)), { code: "engine-closed" });
    assert.equal(host.residentBytes(), 0);
  });

  test("keeps two loaded models apart and knows its own memory", async () => {
    const host = await startEngineHost();
    const model = await host.load([burner]);
    const head = await host.load([{ name: "sign", bytes: tinyHead("sign") }]);
    await model.unload();
    const embedding: Tensor = { dtype: "float32", shape: [1, 4], data: new Float32Array(4) };
    assert.deepEqual((await head.run({ embedding })).outputs.sign?.data, new Float32Array(3));
    assert.ok(host.residentBytes() > 10 * 1024 ** 2);
    await host.close();
  });
});
