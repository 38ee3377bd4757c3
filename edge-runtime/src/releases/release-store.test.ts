import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { digestOf, generateKeyPair, type ReleaseManifest } from "@fieldloop/devices";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { tinyHead } from "../engine/tiny-onnx.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import { folderFetcher } from "./folder-fetcher.ts";
import type { RefusalCode } from "./refusal.ts";
import { openReleases } from "./release-store.ts";
import type { ReleaseEvent, ReleaseStore, ReleaseStoreOptions } from "./releases.ts";
import { readSigned } from "./signed-files.ts";
import { desire, makeTinyRelease, memoryFetcher, type TinyRelease, tinyImage, writeBundle } from "./tiny-release.ts";

const keys = generateKeyPair();
const root = await mkdtemp(join(tmpdir(), "fieldloop-releases-"));
after(() => rm(root, { recursive: true, force: true }));
const first = await makeTinyRelease(keys, { seed: 1 });
const second = await makeTinyRelease(keys, { seed: 2 });
const third = await makeTinyRelease(keys, { seed: 3 });
const all = memoryFetcher([first, second, third]);

let folders = 0;
function newFolder(): string {
  folders += 1;
  return join(root, `device-${folders}`);
}

function open(dir: string, more: Partial<ReleaseStoreOptions> = {}): Promise<ReleaseStore> {
  return openReleases({
    dir,
    hubKey: keys.publicKey,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
    startEngine: () => startInlineEngine(),
    wait: async () => undefined,
    ...more,
  });
}

async function answerOf(store: ReleaseStore, seed = 9) {
  const release = store.acquire();
  assert.ok(release);
  try {
    return { digest: release.digest, ...(await release.run(tinyImage(seed))) };
  } finally {
    release.release();
  }
}

async function makeGood(store: ReleaseStore): Promise<void> {
  for (let i = 0; i < 10; i += 1) await answerOf(store, i);
  while (!Object.values(store.status().slots).some((slot) => slot.state === "good")) await new Promise(setImmediate);
}

describe("a release store", () => {
  test("has nothing to run at first, takes a signed release, and runs it after a restart", async () => {
    const dir = newFolder();
    const events: ReleaseEvent[] = [];
    const store = await open(dir, { onEvent: (event) => events.push(event) });
    assert.equal(store.acquire(), undefined);
    const taken = await store.offer(desire(keys, first.digest, 1), all);
    assert.deepEqual(taken, { accepted: true, release: first.digest, number: 1 });
    const answer = await answerOf(store);
    assert.deepEqual([answer.embedding.length, answer.logits.sign?.length, answer.logits.category?.length], [4, 3, 2]);
    await makeGood(store);
    await store.close();
    assert.deepEqual(
      events.map(({ state, number }) => `${state} ${number}`),
      ["offered 1", "staged 1", "good 1"],
    );
    const again = await open(dir);
    assert.deepEqual((await answerOf(again)).logits, answer.logits);
    assert.equal(again.status().number, 1);
    await again.close();
  });

  test("keeps the previous good release in the other slot and goes back to it by a higher number", async () => {
    const store = await open(newFolder());
    await store.offer(desire(keys, first.digest, 1), all);
    const before = await answerOf(store);
    await makeGood(store);
    await store.offer(desire(keys, second.digest, 2), all);
    assert.notDeepEqual((await answerOf(store)).logits, before.logits);
    assert.equal(store.status().slots.a.state === "good" || store.status().slots.b.state === "good", true);
    const back = await store.offer(
      desire(keys, first.digest, 3),
      memoryFetcher([first], () => new Uint8Array(0)),
    );
    assert.equal(back.accepted, true, "its blobs are still here, so nothing is fetched");
    assert.deepEqual((await answerOf(store)).logits, before.logits);
    await store.close();
  });

  test("takes a bundle's folder by the same checks", async () => {
    const bundle = newFolder();
    await writeBundle(bundle, first, desire(keys, first.digest, 1));
    const store = await open(newFolder());
    const taken = await store.offer(await readSigned(bundle, "desired"), folderFetcher(bundle));
    assert.equal(taken.accepted, true);
    await store.close();
  });

  test("answers a repeated desired state of what runs with yes, and renumbers without loading again", async () => {
    const dir = newFolder();
    let starts = 0;
    const startEngine = () => {
      starts += 1;
      return startInlineEngine();
    };
    const store = await open(dir, { startEngine });
    const desired = desire(keys, first.digest, 4);
    await store.offer(desired, all);
    assert.equal((await store.offer(desired, all)).accepted, true);
    assert.equal((await store.offer(desire(keys, first.digest, 7), all)).accepted, true);
    assert.equal(starts, 1);
    assert.deepEqual(await codeOf(store, desire(keys, second.digest, 5)), "stale-desired-state");
    await store.close();
    const again = await open(dir);
    assert.equal(again.status().number, 7);
    await again.close();
  });

  test("does not wait for a stuck download when a later desired state comes, nor when it stops", async () => {
    const store = await open(newFolder());
    const stuck: ReleaseFetcher = {
      ...all,
      blob: async (_, offset) => ({
        offset,
        chunks: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
      }),
    };
    const replaced = codeOf(store, desire(keys, first.digest, 1), stuck);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await codeOf(store, desire(keys, second.digest, 2)), "accepted");
    assert.equal(await replaced, "stale-desired-state");
    const stopped = codeOf(store, desire(keys, third.digest, 3), stuck);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.close();
    assert.equal(await stopped, "incomplete");
  });

  test("removes blobs that no slot names any more", async () => {
    const dir = newFolder();
    const store = await open(dir);
    for (const [index, release] of [first, second, third].entries()) {
      await store.offer(desire(keys, release.digest, index + 1), all);
      await answerOf(store);
      await makeGood(store);
    }
    await store.close();
    const kept = new Set([...second.blobs.keys(), ...third.blobs.keys()].map((digest) => digest.slice(7)));
    assert.deepEqual(new Set(await readdir(join(dir, "blobs", "sha256"))), kept);
  });
});

async function codeOf(
  store: ReleaseStore,
  desired: ReturnType<typeof desire>,
  fetcher: ReleaseFetcher = all,
): Promise<RefusalCode | "accepted"> {
  const result = await store.offer(desired, fetcher);
  if (result.accepted) return "accepted";
  assert.match(result.reason, /^[A-Z].{20,}[.:]?/, "one sentence that says what was expected");
  return result.code;
}

describe("a device refuses, while what it runs keeps answering,", () => {
  const rogue = generateKeyPair();
  const flip = (which: string) => (bytes: Uint8Array, digest: string) =>
    digest === which ? bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) : bytes;
  const backboneOf = (release: TinyRelease) => release.manifest.components[0]?.variants.fp32?.digest ?? "";

  interface Offer {
    readonly name: string;
    readonly code: RefusalCode;
    readonly offer: () => Promise<readonly [ReturnType<typeof desire>, ReturnType<typeof memoryFetcher>]>;
  }
  const changed = async (change: (manifest: ReleaseManifest) => ReleaseManifest, signer = keys) => {
    const release = await makeTinyRelease(signer, { seed: 50, change });
    return [desire(keys, release.digest, 9), memoryFetcher([release])] as const;
  };
  const offers: readonly Offer[] = [
    {
      name: "one flipped byte in a graph",
      code: "digest-mismatch",
      offer: async () => [desire(keys, second.digest, 9), memoryFetcher([second], flip(backboneOf(second)))],
    },
    {
      name: "one flipped byte in the manifest",
      code: "digest-mismatch",
      offer: async () => {
        const payload = second.signed.payload.map((byte, i) => (i === 60 ? byte ^ 1 : byte));
        return [desire(keys, second.digest, 9), { ...all, manifest: async () => ({ ...second.signed, payload }) }];
      },
    },
    {
      name: "a desired state signed with another key",
      code: "bad-signature",
      offer: async () => [desire(rogue, second.digest, 9), all],
    },
    {
      name: "a manifest signed with another key",
      code: "bad-signature",
      offer: () => changed((manifest) => manifest, rogue),
    },
    {
      name: "a manifest's signature put under a desired state",
      code: "bad-signature",
      offer: async () => [second.signed, all],
    },
    {
      name: "a desired state for another device",
      code: "wrong-device",
      offer: async () => [desire(keys, second.digest, 9, { device: "reader-2" }), all],
    },
    {
      name: "a release of another fleet",
      code: "wrong-device",
      offer: () => changed((manifest) => ({ ...manifest, fleet: "mill" })),
    },
    {
      name: "a release for another profile",
      code: "wrong-profile",
      offer: () => changed((manifest) => ({ ...manifest, profiles: { "raspberry-pi-5": { target: "fp32" } } })),
    },
    {
      name: "an older desired state",
      code: "stale-desired-state",
      offer: async () => [desire(keys, second.digest, 4), all],
    },
    {
      name: "another release under the number that runs",
      code: "stale-desired-state",
      offer: async () => [desire(keys, second.digest, 5), all],
    },
    {
      name: "golden samples with other answers",
      code: "golden-failed",
      offer: async () => {
        const release = await makeTinyRelease(keys, { seed: 60, wrongGolden: true });
        return [desire(keys, release.digest, 9), memoryFetcher([release])];
      },
    },
    {
      name: "a graph that is none",
      code: "golden-failed",
      offer: async () => {
        const release = await makeTinyRelease(keys, { seed: 61, graphs: { sign: new Uint8Array(64).fill(7) } });
        return [desire(keys, release.digest, 9), memoryFetcher([release])];
      },
    },
    {
      name: "a head with fewer classes than it names",
      code: "golden-failed",
      offer: async () => {
        const release = await makeTinyRelease(keys, { seed: 62, graphs: { sign: tinyHead("sign", { classes: 2 }) } });
        return [desire(keys, release.digest, 9), memoryFetcher([release])];
      },
    },
    {
      name: "more bytes than announced",
      code: "too-large",
      offer: async () => [
        desire(keys, second.digest, 9),
        memoryFetcher([second], (bytes) => Buffer.concat([bytes, bytes])),
      ],
    },
    {
      name: "a release heavier than the device allows",
      code: "too-large",
      offer: () =>
        changed((manifest) => ({
          ...manifest,
          golden: { ...manifest.golden, blob: { ...manifest.golden.blob, bytes: 2 * 1024 ** 3 } },
        })),
    },
    {
      name: "fewer bytes than announced",
      code: "incomplete",
      offer: async () => [desire(keys, second.digest, 9), memoryFetcher([second], (bytes) => bytes.subarray(0, 10))],
    },
    {
      name: "a head that needs another backbone",
      code: "incomplete",
      offer: () =>
        changed((manifest) => ({
          ...manifest,
          components: manifest.components.map((part) =>
            part.name === "sign" ? { ...part, interface: digestOf(new Uint8Array([9])) } : part,
          ),
        })),
    },
    {
      name: "a component without a variant for its target",
      code: "incomplete",
      offer: () => changed((manifest) => ({ ...manifest, profiles: { "x86-64": { target: "int8" } } })),
    },
    {
      name: "a release that the source does not have",
      code: "incomplete",
      offer: async () => [desire(keys, second.digest, 9), memoryFetcher([])],
    },
  ];

  for (const { name, code, offer } of offers) {
    test(name, async () => {
      const dir = newFolder();
      const store = await open(dir);
      await store.offer(desire(keys, first.digest, 5), all);
      const before = await answerOf(store);
      const [desired, fetcher] = await offer();
      let unanswered = 0;
      let isDone = false;
      const frames = (async () => {
        while (!isDone) {
          await answerOf(store).catch(() => (unanswered += 1));
          await new Promise(setImmediate);
        }
      })();
      const got = await codeOf(store, desired, fetcher).finally(() => {
        isDone = true;
      });
      assert.equal(got, code);
      await frames;
      assert.equal(unanswered, 0);
      assert.deepEqual((await answerOf(store)).logits, before.logits);
      await store.close();
      const again = await open(dir);
      assert.deepEqual((await answerOf(again)).logits, before.logits, "and so after a restart");
      await again.close();
    });
  }

  test("a release that failed its golden samples before, without fetching it again, also after a restart", async () => {
    const dir = newFolder();
    const bad = await makeTinyRelease(keys, { seed: 70, wrongGolden: true });
    const store = await open(dir);
    assert.equal(await codeOf(store, desire(keys, bad.digest, 1), memoryFetcher([bad])), "golden-failed");
    assert.equal(await codeOf(store, desire(keys, bad.digest, 2), memoryFetcher([])), "golden-failed");
    await store.close();
    const again = await open(dir);
    assert.equal(await codeOf(again, desire(keys, bad.digest, 3), memoryFetcher([])), "golden-failed");
    assert.equal(await codeOf(again, desire(keys, first.digest, 4)), "accepted");
    await again.close();
  });

  test("a replay of what the hub has replaced since, even where the replacement was refused", async () => {
    const store = await open(newFolder());
    assert.equal(await codeOf(store, desire(keys, second.digest, 6), memoryFetcher([])), "incomplete");
    assert.equal(await codeOf(store, desire(keys, first.digest, 5)), "stale-desired-state");
    assert.equal(await codeOf(store, desire(keys, second.digest, 6)), "accepted");
    await store.close();
  });
});

describe("a release on trial", () => {
  async function withGoodAndTrial(dir: string, more: Partial<ReleaseStoreOptions> = {}) {
    const store = await open(dir, more);
    await store.offer(desire(keys, first.digest, 1), all);
    await makeGood(store);
    await store.offer(desire(keys, second.digest, 2), all);
    return store;
  }

  test("gives way to the last good one when its starts keep ending in a crash", async () => {
    const dir = newFolder();
    await withGoodAndTrial(dir);
    const events: ReleaseEvent[] = [];
    const digests: (string | undefined)[] = [];
    for (let start = 0; start < 4; start += 1) {
      digests.push((await open(dir, { onEvent: (event) => events.push(event) })).acquire()?.digest);
    }
    assert.deepEqual(digests, [second.digest, second.digest, first.digest, first.digest]);
    assert.deepEqual(
      events.map(({ state, code }) => [state, code]),
      [["rolled-back", "failed-trial"]],
    );
    const store = await open(dir);
    assert.equal(await codeOf(store, desire(keys, second.digest, 2)), "failed-trial");
    assert.equal(await codeOf(store, desire(keys, third.digest, 3)), "accepted");
  });

  test("does not count orderly stops as crashes", async () => {
    const dir = newFolder();
    await (await withGoodAndTrial(dir)).close();
    for (let start = 0; start < 5; start += 1) {
      const store = await open(dir);
      assert.equal(store.status().release, second.digest);
      await store.close();
    }
  });

  test("becomes good by living long enough where no frames come", async () => {
    const store = await open(newFolder(), { trialMs: 20 });
    await store.offer(desire(keys, first.digest, 1), all);
    while (store.status().slots.a.state !== "good") await new Promise((resolve) => setTimeout(resolve, 5));
    await store.close();
  });

  test("never costs the last good one its slot when a third release comes in between", async () => {
    const dir = newFolder();
    const store = await withGoodAndTrial(dir);
    await store.offer(desire(keys, third.digest, 3), all);
    const { slots } = store.status();
    assert.deepEqual([slots.a.state, slots.b.state].sort(), ["good", "trial"]);
    const good = slots.a.state === "good" ? slots.a : slots.b;
    assert.equal("release" in good && good.release, first.digest);
    await store.close();
  });
});

describe("what lies on a device's disk", () => {
  test("is hashed again before it runs: a changed graph gives way to the last good release", async () => {
    const dir = newFolder();
    const store = await open(dir);
    await store.offer(desire(keys, first.digest, 1), all);
    await makeGood(store);
    await store.offer(desire(keys, second.digest, 2), all);
    await answerOf(store);
    await store.close();
    const blob = join(dir, "blobs", "sha256", second.manifest.components[0]?.variants.fp32?.digest.slice(7) ?? "");
    const bytes = await readFile(blob);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await writeFile(blob, bytes);
    const again = await open(dir);
    assert.equal(again.acquire()?.digest, first.digest);
    assert.equal(await codeOf(again, desire(keys, second.digest, 3)), "accepted", "and is fetched anew when asked for");
  });

  test("survives the loss of either copy of the state, and of both", async () => {
    const dir = newFolder();
    const store = await open(dir);
    await store.offer(desire(keys, first.digest, 1), all);
    await makeGood(store);
    await store.close();
    const path = join(dir, "state.json");
    const whole = await readFile(path);
    const half = whole.length / 2;
    for (const [from, to] of [
      [0, half],
      [half, whole.length],
      [0, whole.length],
    ]) {
      await writeFile(path, Buffer.from(whole).fill(0, from, to));
      const again = await open(dir);
      assert.equal(again.acquire()?.digest, first.digest);
      assert.equal(await codeOf(again, desire(keys, second.digest, 1)), "stale-desired-state");
    }
  });

  test("belongs to one hub key: after enrolling elsewhere nothing old runs", async () => {
    const dir = newFolder();
    const store = await open(dir);
    await store.offer(desire(keys, first.digest, 8), all);
    await store.close();
    const other = generateKeyPair();
    const again = await open(dir, { hubKey: other.publicKey });
    assert.equal(again.acquire(), undefined);
    const release = await makeTinyRelease(other);
    assert.equal(await codeOf(again, desire(other, release.digest, 1), memoryFetcher([release])), "accepted");
    await again.close();
  });
});
