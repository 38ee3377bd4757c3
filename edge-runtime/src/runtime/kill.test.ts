import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeMessage, generateKeyPair, lanes } from "@fieldloop/devices";
import sharp from "sharp";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { writeIdentity } from "../identity/identity.ts";
import { desire, makeTinyRelease, writeBundle } from "../releases/tiny-release.ts";
import { openRuntime } from "../runtime.ts";
import { TinyHub } from "../uplink/tiny-hub.ts";
import { askStatus } from "./status-socket.ts";

const cycles = Number(process.env.CYCLES ?? 3);
const program = fileURLToPath(new URL("../cli/main.ts", import.meta.url));

/** Starts `fieldloop-edge run` on a folder and feeds it images for as long as it lives. */
function startDevice(dir: string, image: Uint8Array): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--conditions=fieldloop", program, "run", "--source", "-", "--json", "--data", dir];
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "ignore", "ignore"] });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(image.byteLength);
  const feed = setInterval(() => child.stdin?.write(Buffer.concat([length, image])), 5);
  child.once("exit", () => clearInterval(feed));
  child.stdin?.on("error", () => undefined);
  return child;
}

test("loses and doubles nothing when the device is killed at random moments", async () => {
  const root = await mkdtemp(join(tmpdir(), "fieldloop-kill-"));
  const dir = join(root, "device");
  const keys = generateKeyPair();
  const hub = await TinyHub.start(keys);
  await writeIdentity(dir, hub.identity());
  await writeBundle(join(root, "bundle"), ...(await everythingKept(keys)));
  const options = { startEngine: () => startInlineEngine(), journal: { freeSpaceFloorBytes: 0 } };
  const first = await openRuntime(dir, options);
  assert.ok((await first.offerBundle(join(root, "bundle"))).accepted);
  await first.close();
  const image = new Uint8Array(
    await sharp({ create: { width: 2, height: 2, channels: 3, background: "#a3c" } })
      .png()
      .toBuffer(),
  );

  const stored = new Map<string, number>();
  let random = 7;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const child = startDevice(dir, image);
    const exited = once(child, "exit");
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    const bootEnd = Date.now() + 30_000;
    for (let end = Number.POSITIVE_INFINITY; Date.now() < end; ) {
      const status = await askStatus(dir);
      if (end > bootEnd && (status?.frames.answered ?? 0) > 0) end = Date.now() + (random % 1500);
      for (const lane of lanes) stored.set(lane, Math.max(status?.journal.lastSeq[lane] ?? 0, stored.get(lane) ?? 0));
      assert.ok(end < bootEnd || Date.now() < bootEnd, "the device comes up");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    await exited;
    if (cycle % 2 === 1) await hub.drop();
  }

  const last = await openRuntime(dir, { ...options, mostBackoffMs: 50 });
  const waiting = () => Object.values(last.status().journal.lanes).reduce((sum, lane) => sum + lane.waiting, 0);
  for (const end = Date.now() + 20_000; waiting() > 0; ) {
    assert.ok(Date.now() < end, `${waiting()} records were never released`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await last.close();
  await hub.close();
  await rm(root, { recursive: true });

  const gaps = hub.lane("control").flatMap(({ kind, body }) => (kind === "gap" ? [decodeMessage("gap", body)] : []));
  const isTold = (lane: string, seq: number) =>
    gaps.some((gap) => gap.lane === lane && gap.from <= seq && seq <= gap.to);
  let total = 0;
  for (const lane of lanes) {
    const arrived = new Set(hub.lane(lane).map(({ seq }) => seq));
    for (let seq = 1; seq <= (stored.get(lane) ?? 0); seq += 1) {
      assert.ok(arrived.has(seq) || isTold(lane, seq), `${lane} ${seq} was stored and never came`);
      total += 1;
    }
  }
  assert.ok(total > 20 * cycles, `only ${total} records were stored`);
  assert.deepEqual(hub.changed, [], "no number was used twice");
  const frames = hub.lane("predictions").flatMap(({ body }) => decodeMessage("predictions", body).items);
  assert.equal(new Set(frames.map(({ frame }) => frame)).size, frames.length, "no frame number was used twice");
});

async function everythingKept(keys: ReturnType<typeof generateKeyPair>) {
  const release = await makeTinyRelease(keys, {
    change: (manifest) => ({
      ...manifest,
      policy: {
        ...manifest.policy,
        audit: { rate: 0.3, key: "00".repeat(16) },
        scorers: [{ kind: "uncertainty", head: "sign", bytesPerSecond: 1_000_000, burstBytes: 1_000_000 }],
      },
    }),
  });
  return [release, desire(keys, release.digest, 1)] as const;
}
