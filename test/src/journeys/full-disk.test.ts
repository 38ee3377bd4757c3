import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type HubProcess, startHubProcess } from "./hub-process.ts";
import { smallItems } from "./small-world.ts";

const diskMb = 160;
const root = await mkdtemp(join(tmpdir(), "fieldloop-full-"));
const disk = join(root, "disk");
const why = await mountSmallDisk();

test("a hub whose disk is full says so, loses nothing, and goes on once there is room", {
  skip: why ?? false,
}, async (t) => {
  let hub: HubProcess | undefined;
  t.after(async () => {
    await hub?.command.end("SIGKILL");
    spawnSync("umount", ["--lazy", disk]); // a child of the hub may let go a moment later
    await rm(root, { recursive: true, force: true });
  });
  hub = await startHubProcess(join(disk, "hub"));
  const answered: string[] = [];
  const importOne = async (name: string) => {
    const items = await smallItems(1, name);
    await hub!.client.importSamples(items);
    answered.push(items[0]!.track!);
  };
  await importOne("before");
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = await statfs(disk);
  await writeFile(ballast, new Uint8Array(bavail * bsize - 64 * 1024));
  const failure = await untilFailure(importOne);
  assert.match(failure.code, /^(disk-full|inbox-full|sql-lost)$/, failure.message);
  assert.match(failure.message, /full|room|space/);
  assert.equal((await hub.client.health()).ok, true);

  await rm(ballast);
  await importOne("after");
  await hub.command.end("SIGTERM");
  hub = await startHubProcess(join(disk, "hub"));
  const { samples } = await hub.client.samples({ limit: 1000 });
  const found = samples.map(({ track }) => track);
  for (const track of answered) assert.equal(found.filter((each) => each === track).length, 1, String(track));
});

async function untilFailure(work: (name: string) => Promise<void>): Promise<{ code: string; message: string }> {
  for (let count = 0; count < 200; count += 1) {
    try {
      await work(`more-${count}`);
    } catch (error) {
      return error as { code: string; message: string };
    }
  }
  throw new Error("200 imports fitted on a full disk.");
}

async function mountSmallDisk(): Promise<string | undefined> {
  await mkdir(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskMb}m`, "fieldloop", disk], { encoding: "utf8" });
  if (mounted.status === 0) return undefined;
  await rm(root, { recursive: true, force: true });
  return `a small disk needs root and the right to mount a tmpfs (${mounted.stderr?.trim() || mounted.error?.message})`;
}
