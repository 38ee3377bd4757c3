import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeMessage, generateKeyPair, type ReleaseManifest } from "@fieldloop/devices";
import type { Engine, EngineExit, RunResult } from "../engine/engine.ts";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { tinyTfliteBackbone, tinyTfliteHead } from "../engine/tflite/tiny-tflite.ts";
import { tinyBackbone, tinyHead } from "../engine/tiny-onnx.ts";
import { EdgeRuntimeError } from "../errors.ts";
import { writeIdentity } from "../identity/identity.ts";
import { desire, makeTinyRelease, type TinyRelease, tinyImage, writeBundle } from "../releases/tiny-release.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { TinyHub } from "../uplink/tiny-hub.ts";
import type { RuntimeOptions } from "./device-runtime.ts";

const keys = generateKeyPair();
const change = (manifest: ReleaseManifest): ReleaseManifest => ({
  ...manifest,
  policy: { ...manifest.policy, sketchWindowMs: 1000 },
});
const first = await makeTinyRelease(keys, { seed: 1, change });
const second = await makeTinyRelease(keys, { seed: 2, change });

async function opened(t: TestContext, options: RuntimeOptions = {}, engines?: readonly object[]) {
  const root = await mkdtemp(join(tmpdir(), "fieldloop-hello-"));
  const hub = await TinyHub.start(keys);
  await writeIdentity(join(root, "device"), hub.identity());
  if (engines !== undefined) await writeFile(join(root, "device", "engines.json"), JSON.stringify(engines));
  const runtime = await openRuntime(join(root, "device"), {
    startEngine: () => startInlineEngine(),
    mostBackoffMs: 50,
    journal: { freeSpaceFloorBytes: 0 },
    ...options,
  });
  t.after(async () => {
    await runtime.close();
    await hub.close();
    await rm(root, { recursive: true });
  });
  let number = 0;
  const take = async (release: TinyRelease) => {
    number += 1;
    await writeBundle(join(root, `bundle-${number}`), release, desire(keys, release.digest, number));
    assert.ok((await runtime.offerBundle(join(root, `bundle-${number}`))).accepted);
  };
  return { hub, runtime, take };
}

const infer = (runtime: Runtime) => runtime.infer({ image: { data: tinyImage(1), width: 2, height: 2 } });

async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    assert.ok(Date.now() < end, `timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("tells its own clock, its temperature and its restarts as soon as it connects", async (t) => {
  const clock = () => Date.now() - 7_200_000;
  const { hub } = await opened(t, { clock, temperatureC: () => 61.5 });
  await until(() => hub.hellos.length === 1, "hello");
  const [hello] = hub.hellos;
  assert.ok(hello?.sentAt !== undefined && Math.abs(hello.sentAt - clock()) < 10_000);
  assert.deepEqual([hello.temperatureC, hello.engineRestarts], [61.5, 0]);
});

test("tells which engine and which target answer on this very machine", async (t) => {
  const change = (manifest: ReleaseManifest) => ({
    ...manifest,
    profiles: { "x86-64": { target: "tensorrt-int8", fallbacks: ["tflite-float32", "fp32"] } },
  });
  const lite = {
    backbone: tinyTfliteBackbone({ seed: 6 }),
    sign: tinyTfliteHead("sign", { seed: 1006 }),
    category: tinyTfliteHead("category", { classes: 2, seed: 2006 }),
  };
  const onnx = {
    backbone: tinyBackbone({ seed: 6 }),
    sign: tinyHead("sign", { seed: 1006 }),
    category: tinyHead("category", { classes: 2, seed: 2006 }),
  };
  const release = await makeTinyRelease(keys, {
    seed: 6,
    change,
    alsoFor: { "tensorrt-int8": onnx, "tflite-float32": lite },
  });
  const engines = [
    { engine: "remote", families: ["tensorrt"], address: "http://127.0.0.1:9", deploy: { kind: "upload" } },
    { engine: "tflite", families: ["tflite"] },
  ];
  const { hub, runtime, take } = await opened(t, { startEngine: undefined }, engines);
  await until(() => hub.hellos.length === 1, "hello");
  assert.deepEqual([hub.hellos[0]?.engine, hub.hellos[0]?.target], ["remote http://127.0.0.1:9", undefined]);
  await take(release);
  await infer(runtime);
  await until(() => hub.hellos.at(-1)?.target !== undefined, "the target told");
  assert.deepEqual([hub.hellos.at(-1)?.engine, hub.hellos.at(-1)?.target], ["tflite", "tflite-float32"]);
  assert.equal(runtime.status().releases.serving?.passedOver[0]?.target, "tensorrt-int8");
});

test("leaves the temperature out where the machine has no sensor", async (t) => {
  const { hub } = await opened(t, { temperatureC: () => undefined });
  await until(() => hub.hellos.length === 1, "hello");
  assert.equal("temperatureC" in hub.hellos[0]!, false);
});

test("says hello when asked, however often it is asked no more than once a second", async (t) => {
  const { hub } = await opened(t);
  await until(() => hub.hellos.length === 1, "hello");
  const started = Date.now();
  for (let asked = 0; asked < 200; asked += 1) hub.sendCommand("reader-1", "hello");
  await until(() => hub.hellos.length === 2, "hello when asked");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const most = 1 + Math.ceil((Date.now() - started) / 1000) + 1;
  assert.ok(hub.hellos.length <= most, `${hub.hellos.length} hellos`);
});

test("says hello by itself while nothing changes", async (t) => {
  const { hub } = await opened(t, { helloEveryMs: 150 });
  await until(() => hub.hellos.length >= 4, "four hellos", 5_000);
});

test("says hello when another release answers its first frame", async (t) => {
  const { hub, runtime, take } = await opened(t);
  await take(first);
  await infer(runtime);
  await until(() => hub.hellos.at(-1)?.release === first.digest, "the first release told", 5_000);
  await take(second);
  await infer(runtime);
  await until(() => hub.hellos.at(-1)?.release === second.digest, "the second release told", 5_000);
});

/** An engine whose runs fail, or end it, once told so: golden samples pass before. */
class FailingEngine {
  failure: "none" | "run-failed" | "crash" = "none";
  readonly start: RuntimeOptions["startEngine"] = async (onExit) => {
    const engine = await startInlineEngine();
    return { ...engine, load: async (graphs) => this.#wrap(await engine.load(graphs), onExit), close: engine.close };
  };

  #wrap(model: Awaited<ReturnType<Engine["load"]>>, onExit: (exit: EngineExit) => void) {
    const run = async (...given: Parameters<typeof model.run>): Promise<RunResult> => {
      if (this.failure === "run-failed") throw new EdgeRuntimeError("run-failed", "The graph failed.");
      if (this.failure === "crash") {
        this.failure = "none";
        onExit({ reason: "crashed", exitCode: null, signal: "SIGKILL", stderr: "" });
        throw new EdgeRuntimeError("engine-crashed", "The engine ended.");
      }
      return model.run(...given);
    };
    return { inputs: model.inputs, outputs: model.outputs, run, unload: () => model.unload() };
  }
}

test("tells engines that ended by themselves soon after", async (t) => {
  const engine = new FailingEngine();
  const { hub, runtime, take } = await opened(t, { startEngine: engine.start });
  await take(first);
  await infer(runtime);
  engine.failure = "crash";
  await infer(runtime);
  assert.equal(runtime.status().engineRestarts, 1);
  await until(() => hub.hellos.at(-1)?.engineRestarts === 1, "the restart told", 5_000);
});

test("counts frames that a new release cannot answer under its name, not under the one before", async (t) => {
  const engine = new FailingEngine();
  const { hub, runtime, take } = await opened(t, { startEngine: engine.start });
  await take(first);
  await infer(runtime);
  await take(second);
  engine.failure = "run-failed";
  for (let frame = 0; frame < 5; frame += 1) await assert.rejects(infer(runtime), { code: "run-failed" });
  const sketches = () => hub.lane("sketches").map(({ body }) => decodeMessage("sketch", body));
  const failed = () => sketches().filter(({ dropped }) => dropped["run-failed"] !== undefined);
  await until(() => failed().length > 0, "the sketch of the failures", 8_000);
  assert.deepEqual(new Set(failed().map(({ release }) => release)), new Set([second.digest]));
  assert.ok(sketches().every(({ release, frames }) => release !== second.digest || frames === 0));
});
