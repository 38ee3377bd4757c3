import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type EngineChoice, generateKeyPair, processorEngines, type ReleaseManifest } from "@fieldloop/devices";
import { StandInServer } from "../engine/remote/stand-in-server.ts";
import { tinyTfliteBackbone, tinyTfliteHead } from "../engine/tflite/tiny-tflite.ts";
import { tinyBackbone, tinyHead } from "../engine/tiny-onnx.ts";
import { openReleases } from "./release-store.ts";
import type { ReleaseStore } from "./releases.ts";
import { desire, makeTinyRelease, memoryFetcher, type TinyRelease, tinyImage } from "./tiny-release.ts";

const keys = generateKeyPair();
const root = await mkdtemp(join(tmpdir(), "fieldloop-release-engines-"));
after(() => rm(root, { recursive: true, force: true }));
const trtexec = fileURLToPath(new URL("../../fixtures/stand-in-trtexec.mjs", import.meta.url));

/** The seed of a model whose embedding is not all zero behind its ReLU. */
const seed = 6;
const lite = {
  backbone: tinyTfliteBackbone({ seed }),
  sign: tinyTfliteHead("sign", { seed: seed + 1000 }),
  category: tinyTfliteHead("category", { classes: 2, seed: seed + 2000 }),
};
const liars = { ...lite, sign: tinyTfliteHead("sign", { seed: 5 }) };
const onnx = {
  backbone: tinyBackbone({ seed }),
  sign: tinyHead("sign", { seed: seed + 1000 }),
  category: tinyHead("category", { classes: 2, seed: seed + 2000 }),
};

const forProfile =
  (target: string, ...fallbacks: readonly string[]) =>
  (manifest: ReleaseManifest) => ({
    ...manifest,
    profiles: { "x86-64": { target, fallbacks: [...fallbacks] } },
  });

let devices = 0;

async function store(t: TestContext, engines: readonly EngineChoice[]): Promise<ReleaseStore> {
  const dir = join(root, `${++devices}`);
  const who = { hubKey: keys.publicKey, fleet: "plant", device: "reader-1", profile: "x86-64" };
  const opened = await openReleases({ dir, ...who, engines, lookAgainMs: 200 });
  t.after(() => opened.close());
  return opened;
}

async function take(releases: ReleaseStore, release: TinyRelease, number = 1): Promise<string> {
  const result = await releases.offer(desire(keys, release.digest, number), memoryFetcher([release]));
  return result.accepted ? "accepted" : `${result.code}: ${result.reason}`;
}

async function answer(releases: ReleaseStore): Promise<Float32Array | undefined> {
  const held = releases.acquire();
  try {
    return (await held?.run(tinyImage(1)))?.logits.sign;
  } finally {
    held?.release();
  }
}

function remote(address: string, repository: string): EngineChoice {
  const program = [process.execPath, trtexec];
  return {
    engine: "remote",
    families: ["tensorrt"],
    address,
    deploy: { kind: "files", folder: repository },
    build: { command: [...program, "--onnx={onnx}", "--saveEngine={plan}"], version: [...program, "--help"] },
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; !condition() && round < 200; round += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(condition());
}

const tensorRt = await makeTinyRelease(keys, {
  seed,
  alsoFor: { "tensorrt-int8": onnx },
  change: forProfile("tensorrt-int8", "fp32"),
});

describe("a release runs in the engine that its target needs", () => {
  test("TensorFlow Lite where the target is one, with the same answers as onnxruntime", async (t) => {
    const release = await makeTinyRelease(keys, {
      seed,
      alsoFor: { "tflite-float32": lite },
      change: forProfile("tflite-float32"),
    });
    const [inLite, inOnnx] = [await store(t, processorEngines), await store(t, processorEngines)];
    assert.equal(await take(inLite, release), "accepted");
    assert.equal(await take(inOnnx, await makeTinyRelease(keys, { seed })), "accepted");
    assert.deepEqual(inLite.status().serving, { engine: "tflite", target: "tflite-float32", passedOver: [] });
    assert.equal(inOnnx.status().serving?.engine, "onnxruntime");
    const [got, expected] = [await answer(inLite), await answer(inOnnx)];
    got?.forEach((value, index) => {
      assert.ok(Math.abs(value - (expected?.[index] ?? Number.NaN)) < 1e-4);
    });
  });

  test("and none runs where no engine of the device takes it", async (t) => {
    const releases = await store(t, [{ engine: "tflite", families: ["tflite"] }]);
    const said = await take(releases, await makeTinyRelease(keys, { seed }));
    assert.match(said, /^incomplete: .*No engine of this device takes fp32/);
  });

  test("a provider that is absent is no reason to ban a release, a wrong answer is", async (t) => {
    const release = await makeTinyRelease(keys, { seed });
    const cuda = await store(t, [{ engine: "onnxruntime", families: ["onnx"], providers: ["webgpu", "cpu"] }]);
    const said = await take(cuda, release);
    assert.match(said, /^(accepted|incomplete: )/, "a machine with a GPU runs it, another says what is missing");
    const wrong = await makeTinyRelease(keys, {
      seed,
      alsoFor: { "tflite-float32": liars },
      change: forProfile("tflite-float32", "fp32"),
    });
    assert.match(await take(await store(t, processorEngines), wrong), /^golden-failed: /, "no fallback hides it");
  });
});

describe("a release for a server", () => {
  test("is built, deployed, proven by golden samples and answered there", async (t) => {
    const repository = join(root, "repository-1");
    const server = await StandInServer.start({ repository, plans: "8601" });
    t.after(() => server.close().catch(() => undefined));
    const releases = await store(t, [remote(server.address, repository), ...processorEngines]);
    assert.equal(await take(releases, tensorRt), "accepted");
    assert.deepEqual(releases.status().serving, {
      engine: `remote ${server.address}`,
      target: "tensorrt-int8",
      passedOver: [],
    });
    assert.equal((await answer(releases))?.length, 3);
    assert.equal((await readdir(repository)).length, 3);
  });

  test("runs in its fallback while the server is away, says so, and moves once it is back", async (t) => {
    const [repository, socketPath] = [join(root, "repository-2"), join(root, "2.sock")];
    const releases = await store(t, [remote(`unix:${socketPath}`, repository), ...processorEngines]);
    assert.equal(await take(releases, tensorRt), "accepted");
    const { serving } = releases.status();
    assert.deepEqual([serving?.engine, serving?.target], ["onnxruntime", "fp32"]);
    assert.match(serving?.passedOver[0]?.why ?? "", /Expected an inference server at unix:/);
    const inFallback = await answer(releases);
    const server = await StandInServer.start({ repository, socketPath, plans: "8601" });
    await until(() => releases.status().serving?.target === "tensorrt-int8");
    assert.deepEqual(releases.status().serving?.passedOver, []);
    assert.deepEqual(await answer(releases), inFallback);
    await server.close();
    assert.deepEqual(await answer(releases), inFallback, "the frame that met the dead server is answered");
    assert.equal(releases.status().serving?.target, "fp32");
  });

  test("is proven again each time it is loaded: a server that changed its mind does not answer", async (t) => {
    const [repository, socketPath] = [join(root, "repository-3"), join(root, "3.sock")];
    const honest = await StandInServer.start({ repository, socketPath, plans: "8601" });
    const releases = await store(t, [remote(`unix:${socketPath}`, repository), ...processorEngines]);
    assert.equal(await take(releases, tensorRt), "accepted");
    const before = await answer(releases);
    await honest.close();
    const liar = await StandInServer.start({ repository, socketPath, plans: "8601", lies: true });
    t.after(() => liar.close().catch(() => undefined));
    assert.deepEqual(await answer(releases), before);
    assert.equal(releases.status().serving?.target, "fp32");
    assert.match(releases.status().serving?.passedOver[0]?.why ?? "", /golden sample 1/);
  });
});
