import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Makes what was created, renamed or deleted in a folder durable. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Syncs every file and folder below a folder, and the folder itself. */
export async function syncTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true });
  for (const entry of entries.filter((each) => each.isDirectory())) await syncTree(join(dir, entry.name));
  await inGroups(
    entries.filter((each) => each.isFile()),
    (entry) => syncPath(join(dir, entry.name)),
  );
  await syncPath(dir);
}

/** Copies a folder's files and folders; nothing is synced. Shares blocks where the file system can. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const entries = await readdir(from, { withFileTypes: true });
  for (const entry of entries.filter((each) => each.isDirectory()))
    await copyTree(join(from, entry.name), join(to, entry.name));
  const copy = (name: string) => copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
  await inGroups(
    entries.filter((each) => each.isFile()),
    (entry) => copy(entry.name),
  );
}

async function inGroups<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 16) await Promise.all(items.slice(at, at + 16).map(work));
}
