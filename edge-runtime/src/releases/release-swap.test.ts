import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { generateKeyPair } from "@fieldloop/devices";
import type { EngineHost } from "../engine/engine.ts";
import { startEngineHost } from "../engine/engine-host.ts";
import { tinyStaller } from "../engine/tiny-onnx.ts";
import type { StartEngine } from "./engine-candidate.ts";
import { openReleases } from "./release-store.ts";
import type { ReleaseEvent, ReleaseStore, ReleaseStoreOptions } from "./releases.ts";
import { desire, makeTinyRelease, memoryFetcher, tinyImage } from "./tiny-release.ts";

const keys = generateKeyPair();
const root = await mkdtemp(join(tmpdir(), "fieldloop-swap-"));
after(() => rm(root, { recursive: true, force: true }));
const releases = await Promise.all([1, 2, 3].map((seed) => makeTinyRelease(keys, { seed })));
const fetcher = memoryFetcher(releases);

let folders = 0;
async function withHosts(more: Partial<ReleaseStoreOptions> = {}) {
  folders += 1;
  const hosts: EngineHost[] = [];
  const events: ReleaseEvent[] = [];
  const store = await openReleases({
    dir: join(root, `device-${folders}`),
    hubKey: keys.publicKey,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
    onEvent: (event) => events.push(event),
    startEngine: async (onExit) => {
      const host = await startEngineHost({ onExit });
      hosts.push(host);
      return host;
    },
    ...more,
  });
  return { store, hosts, events };
}

async function answer(store: ReleaseStore): Promise<string> {
  const release = store.acquire();
  assert.ok(release);
  try {
    await release.run(tinyImage(1));
    return release.digest;
  } finally {
    release.release();
  }
}

describe("a device with real engine hosts", () => {
  test("swaps releases under load: every frame is answered, each by one whole release, and old hosts end", async () => {
    const { store, hosts } = await withHosts();
    await store.offer(desire(keys, releases[0]?.digest ?? "", 1), fetcher);
    const answered: string[] = [];
    let failed = 0;
    let isDone = false;
    const source = (async () => {
      while (!isDone) {
        await answer(store).then(
          (digest) => answered.push(digest),
          () => (failed += 1),
        );
      }
    })();
    for (let number = 2; number <= 7; number += 1) {
      const { digest } = releases[number % 3] as (typeof releases)[number];
      assert.equal((await store.offer(desire(keys, digest, number), fetcher)).accepted, true);
    }
    isDone = true;
    await source;
    assert.equal(failed, 0);
    assert.ok(answered.length > 100, `only ${answered.length} frames`);
    assert.deepEqual(new Set(answered), new Set(releases.map(({ digest }) => digest)));
    await store.close();
    assert.ok(hosts.every((host) => host.exit?.reason === "closed"));
  });

  test("refuses a release that hangs or outgrows its memory, while the one that runs keeps answering", async () => {
    const startEngine: StartEngine = (onExit) =>
      startEngineHost({ onExit, runTimeoutMs: 400, memoryBytes: 350 * 1024 ** 2 });
    const { store } = await withHosts({ startEngine });
    await store.offer(desire(keys, releases[0]?.digest ?? "", 1), fetcher);
    const hanging = await makeTinyRelease(keys, { seed: 8, graphs: { sign: tinyStaller("sign") } });
    const fat = await makeTinyRelease(keys, { seed: 9, graphs: { sign: tinyStaller("sign", { side: 12_000 }) } });
    for (const [index, [bad, why]] of (
      [
        [hanging, /longer than 400 ms/],
        [fat, /resident bytes|longer than/],
      ] as const
    ).entries()) {
      const taken = store.offer(desire(keys, bad.digest, index + 2), memoryFetcher([bad]));
      for (let i = 0; i < 20; i += 1) assert.equal(await answer(store), releases[0]?.digest);
      const result = await taken;
      assert.ok(!result.accepted && result.code === "golden-failed");
      assert.match(result.reason, why);
    }
    await store.close();
  });

  test("goes on after its engine is killed: the frame in flight is answered by the next engine", async () => {
    const { store, hosts } = await withHosts();
    await store.offer(desire(keys, releases[0]?.digest ?? "", 1), fetcher);
    const startedMs = performance.now();
    process.kill(hosts[0]?.pid ?? 0, "SIGKILL");
    assert.equal(await answer(store), releases[0]?.digest);
    assert.ok(performance.now() - startedMs < 5_000);
    assert.equal(hosts.length, 2);
    await store.close();
  });

  test("leaves a release on trial whose engine keeps dying for the last good one, without a restart", async () => {
    const { store, hosts, events } = await withHosts();
    await store.offer(desire(keys, releases[0]?.digest ?? "", 1), fetcher);
    for (let i = 0; i < 10; i += 1) await answer(store);
    await store.offer(desire(keys, releases[1]?.digest ?? "", 2), fetcher);
    for (let crash = 0; crash < 3; crash += 1) {
      process.kill(hosts.at(-1)?.pid ?? 0, "SIGKILL");
      await answer(store);
    }
    while (store.status().release !== releases[0]?.digest) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(await answer(store), releases[0]?.digest);
    const back = events.find(({ state }) => state === "rolled-back");
    assert.deepEqual([back?.code, back?.release], ["failed-trial", releases[1]?.digest]);
    await store.close();
  });
});
