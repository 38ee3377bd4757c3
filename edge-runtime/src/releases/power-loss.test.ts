import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { encodePrivateKey, generateKeyPair } from "@fieldloop/devices";
import { type DurableFiles, type DurableStep, durableFiles } from "./durable-files.ts";
import { folderFetcher } from "./folder-fetcher.ts";
import { acceptSecond, openInline } from "./power-loss-child.ts";
import { desire, makeTinyRelease, tinyImage, writeBundle } from "./tiny-release.ts";

const keys = generateKeyPair();
const root = await mkdtemp(join(tmpdir(), "fieldloop-power-"));
const prepared = join(root, "prepared");
const bundle = join(root, "bundle-2");
const first = await makeTinyRelease(keys, { seed: 1 });
const second = await makeTinyRelease(keys, { seed: 2 });
after(() => rm(root, { recursive: true, force: true }));

/** Ends at the n-th step as a cut of power would: that step and all after it do not happen, or only half a write does. */
function dyingFiles(lastStep: number, isTorn: boolean): DurableFiles {
  let step = 0;
  const die = ({ kind, path, bytes, position = 0 }: DurableStep) => {
    step += 1;
    if (step < lastStep) return;
    if (step === lastStep && isTorn && kind === "write" && bytes) writeHalf(path, bytes, position);
    throw new Error("the power is gone");
  };
  return durableFiles(die);
}

function writeHalf(path: string, bytes: Uint8Array, position: number): void {
  const half = bytes.subarray(0, bytes.length >> 1);
  writeFileSync(path, half, { flag: position === 0 && path.endsWith(".new") ? "w" : "r+" });
}

async function requireRunnable(dir: string, where: string): Promise<void> {
  const store = await openInline(dir, keys.publicKey);
  const release = store.acquire();
  assert.ok(release, `${where}: neither the old nor the new release is loadable`);
  assert.ok([first.digest, second.digest].includes(release.digest), where);
  await release.run(tinyImage(1));
  release.release();
  const again = await store.offer(desire(keys, second.digest, 2), folderFetcher(bundle));
  assert.ok(again.accepted, `${where}: the new release cannot be taken afterwards`);
  assert.equal(store.status().release, second.digest);
  await store.close();
}

describe("a device that loses power while it takes a release has the old one or the new one", () => {
  const kinds: DurableStep["kind"][] = [];
  let steps = 0;
  before(async () => {
    await writeBundle(bundle, second, desire(keys, second.digest, 2));
    await writeBundle(join(root, "bundle-1"), first, desire(keys, first.digest, 1));
    await writeFile(join(root, "key.pem"), encodePrivateKey(keys.privateKey));
    const store = await openInline(prepared, keys.publicKey);
    await store.offer(desire(keys, first.digest, 1), folderFetcher(join(root, "bundle-1")));
    for (let i = 0; i < 10; i += 1) await store.acquire()?.run(tinyImage(i));
    while (store.status().slots.a.state !== "good") await new Promise(setImmediate);
    const counting = durableFiles(({ kind }) => kinds.push(kind));
    const dry = join(root, "dry");
    await cp(prepared, dry, { recursive: true });
    await acceptSecond(dry, bundle, keys, counting);
    steps = kinds.length;
    assert.ok(steps > 30, `expected more than 30 durable steps, counted ${steps}`);
  });

  for (const isTorn of [false, true]) {
    test(`at every step${isTorn ? ", with half of what it was writing" : ""}`, async () => {
      for (let step = 1; step <= steps; step += 1) {
        if (isTorn && kinds[step - 1] !== "write") continue;
        const dir = join(root, `step-${step}-${isTorn}`);
        await cp(prepared, dir, { recursive: true });
        await acceptSecond(dir, bundle, keys, dyingFiles(step, isTorn)).catch(() => undefined);
        await requireRunnable(dir, `step ${step} of ${steps}`);
        await rm(dir, { recursive: true });
      }
    });
  }

  test("when the process is really killed at some of them", async () => {
    for (let step = 3; step <= steps; step += 10) {
      const dir = join(root, `kill-${step}`);
      await cp(prepared, dir, { recursive: true });
      const program = join(import.meta.dirname, "power-loss-child.ts");
      const args = ["--conditions=fieldloop", program, dir, bundle, join(root, "key.pem"), String(step)];
      const child = spawn(process.execPath, args, { stdio: "ignore" });
      const [, signal] = await once(child, "exit");
      assert.equal(signal, "SIGKILL");
      await requireRunnable(dir, `killed at step ${step} of ${steps}`);
    }
  });
});

test("a device that did lose both is noticed by the check above", async () => {
  const dir = join(root, "control");
  await cp(prepared, dir, { recursive: true });
  await writeFile(join(dir, "state.json"), "");
  await rm(join(dir, "slot-a"), { recursive: true });
  const store = await openInline(dir, keys.publicKey);
  assert.equal(store.acquire(), undefined);
});
