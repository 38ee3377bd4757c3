import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { generateKeyPair } from "@fieldloop/devices";
import type { EngineHost } from "../engine/index.ts";
import { startEngineHost } from "../engine/index.ts";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { writeIdentity } from "../identity/identity.ts";
import { FaultyFs } from "../journal/faulty-fs.ts";
import { desire, makeTinyRelease, tinyImage, writeBundle } from "../releases/tiny-release.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { TinyHub } from "../uplink/tiny-hub.ts";
import type { RuntimeOptions } from "./device-runtime.ts";

const keys = generateKeyPair();
const release = await makeTinyRelease(keys, {
  change: (manifest) => ({
    ...manifest,
    policy: { ...manifest.policy, audit: { rate: 1, key: "00".repeat(16) }, sketchWindowMs: 1000 },
  }),
});

async function opened(t: TestContext, options: RuntimeOptions) {
  const root = await mkdtemp(join(tmpdir(), "fieldloop-faults-"));
  const dir = join(root, "device");
  const hub = await TinyHub.start(keys);
  await writeIdentity(dir, hub.identity());
  await writeBundle(join(root, "bundle"), release, desire(keys, release.digest, 1));
  const runtime = await openRuntime(dir, { mostBackoffMs: 50, ...options });
  t.after(async () => {
    await runtime.close();
    await hub.close();
    await rm(root, { recursive: true });
  });
  assert.ok((await runtime.offerBundle(join(root, "bundle"))).accepted);
  return { hub, runtime };
}

const infer = (runtime: Runtime, seed: number) =>
  runtime.infer({ image: { data: tinyImage(seed), width: 2, height: 2 } });

async function until(holds: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    assert.ok(Date.now() < end, `timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("answers the frame that waited when the engine was killed, on the next engine", async (t) => {
  const hosts: EngineHost[] = [];
  const startEngine: RuntimeOptions["startEngine"] = async (onExit) => {
    const host = await startEngineHost({ onExit });
    hosts.push(host);
    return host;
  };
  const { runtime } = await opened(t, { startEngine, journal: { freeSpaceFloorBytes: 0 } });
  await infer(runtime, 1);
  for (let kill = 0; kill < 2; kill += 1) {
    const started = performance.now();
    const running = [infer(runtime, 2), infer(runtime, 3), infer(runtime, 4)];
    process.kill(hosts.at(-1)?.pid ?? 0, "SIGKILL");
    await Promise.all(running);
    t.diagnostic(`answered ${Math.round(performance.now() - started)} ms after the kill`);
  }
  assert.equal(hosts.length, 3);
  const { frames, answered, unanswered } = runtime.status().frames;
  assert.deepEqual([frames, answered, unanswered], [7, 7, {}]);
});

test("goes on answering while the disk is full, counts what it cannot keep, and keeps again when there is room", async (t) => {
  const fs = new FaultyFs();
  const startEngine = () => startInlineEngine();
  const { hub, runtime } = await opened(t, { startEngine, journal: { freeSpaceFloorBytes: 0, fs } });
  await infer(runtime, 1);
  fs.fail = ({ operation }) => (operation === "write" ? "ENOSPC" : undefined);
  for (let seed = 2; seed <= 30; seed += 1) await infer(runtime, seed);
  await until(() => (runtime.status().unrecorded.audit?.["disk-full"] ?? 0) >= 20, "losses counted");
  assert.deepEqual(runtime.status().frames.unanswered, {});
  fs.fail = () => undefined;
  const before = hub.lane("audit").length;
  await until(() => {
    void infer(runtime, 99);
    return hub.lane("audit").length > before + 5;
  }, "samples are kept again");
});

test("goes on answering after a failed sync and opens the journal again by itself", async (t) => {
  const fs = new FaultyFs();
  const startEngine = () => startInlineEngine();
  const { hub, runtime } = await opened(t, { startEngine, journal: { freeSpaceFloorBytes: 0, fs } });
  await infer(runtime, 1);
  await until(() => hub.lane("audit").length === 1, "the first sample arrived");
  let failed = 0;
  fs.fail = ({ operation }) => {
    if (operation !== "datasync" || failed >= 3) return undefined;
    failed += 1;
    return "EIO";
  };
  const { epoch } = runtime.status();
  await until(() => {
    void infer(runtime, 2).catch(() => undefined);
    return (runtime.status().unrecorded.audit?.["write-failed"] ?? 0) > 0;
  }, "losses counted");
  await until(() => {
    void infer(runtime, 3).catch(() => undefined);
    return hub.lane("audit").length > 5;
  }, "samples are kept again");
  assert.equal(runtime.status().epoch, epoch);
  assert.deepEqual(hub.changed, []);
});
