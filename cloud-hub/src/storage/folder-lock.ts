import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { HubError } from "../errors.ts";

/** A lock that is held until it is released or its process ends. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes the lock file at `path`; one left by a process that ended is taken over, one of a live process never.
 * @throws {HubError} `hub-already-open`
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const mine = `${process.pid} ${await startOf(process.pid)}\n`;
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, mine, { flag: "wx", mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (await placed(draft, path)) return { release: () => releaseOwn(path, mine) };
      const holder = await readOrUndefined(path);
      if (holder === undefined) continue;
      if (await isAlive(holder)) throw alreadyOpen(path, holder);
      await takeAway(path, holder, draft);
    }
    throw alreadyOpen(path, "another process");
  } finally {
    await rm(draft, { force: true });
  }
}

async function placed(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moves a dead process's lock aside; if a live one had replaced it meanwhile, puts that one back. */
async function takeAway(path: string, holder: string, draft: string): Promise<void> {
  const aside = `${draft}.stale`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readOrUndefined(aside)) !== holder) await placed(aside, path);
  await rm(aside, { force: true });
}

async function releaseOwn(path: string, mine: string): Promise<void> {
  if ((await readOrUndefined(path)) === mine) await rm(path, { force: true });
}

async function isAlive(holder: string): Promise<boolean> {
  const [pid, start] = holder.trim().split(" ");
  return start !== undefined && start !== "" && (await startOf(Number(pid))) === start;
}

/** When a process started, in clock ticks since the machine did, or "" where there is none (a number may be used again). */
async function startOf(pid: number): Promise<string> {
  const stat = await readOrUndefined(`/proc/${pid}/stat`);
  if (stat !== undefined) return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  try {
    process.kill(pid, 0);
    return process.platform === "linux" ? "" : "running";
  } catch {
    return "";
  }
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

function alreadyOpen(path: string, holder: string): HubError {
  return new HubError(
    "hub-already-open",
    `Expected to be the only one to open ${path.replace(/\.lock$/, "")}, but process ${holder.split(" ")[0]} has it; stop that one first.`,
  );
}
