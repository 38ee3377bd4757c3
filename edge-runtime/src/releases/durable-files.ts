import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A step on the way of bytes to the disk, told before it is taken; a test may end the process there. */
export interface DurableStep {
  readonly kind: "write" | "sync" | "rename" | "sync-folder" | "remove" | "make-folder";
  readonly path: string;
  /** What a `write` is about to write, at which place. */
  readonly bytes?: Uint8Array;
  readonly position?: number;
}

/** Writes that are on the disk once they resolve. */
export interface DurableFiles {
  /** Replaces a file whole: temporary file, fsync, rename, fsync of the folder. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Overwrites part of an existing file in place, then syncs it. */
  overwrite(path: string, position: number, bytes: Uint8Array): Promise<void>;
  /** Moves a finished file to its name; its bytes were synced before. */
  move(from: string, to: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Removes a file or folder; a missing one is fine. */
  remove(path: string): Promise<void>;
}

/** Durable writes on this machine's disk; onStep: told before each step. */
export function durableFiles(onStep: (step: DurableStep) => void = () => undefined): DurableFiles {
  const syncFolder = async (path: string) => {
    onStep({ kind: "sync-folder", path });
    await withFile(path, "r", (file) => file.sync());
  };
  const move = async (from: string, to: string) => {
    onStep({ kind: "rename", path: to });
    await rename(from, to);
    await syncFolder(dirname(to));
  };
  const writeAndSync = async (file: FileHandle, path: string, bytes: Uint8Array, position: number) => {
    onStep({ kind: "write", path, bytes, position });
    await writeWhole(file, bytes, position);
    onStep({ kind: "sync", path });
    await file.datasync();
  };
  return {
    move,
    async replace(path, bytes) {
      const temporary = `${path}.new`;
      await withFile(temporary, "w", (file) => writeAndSync(file, temporary, bytes, 0));
      await move(temporary, path);
    },
    async overwrite(path, position, bytes) {
      await withFile(path, "r+", (file) => writeAndSync(file, path, bytes, position));
    },
    async makeFolder(path) {
      onStep({ kind: "make-folder", path });
      const first = await mkdir(path, { recursive: true });
      if (first !== undefined) await syncFolder(dirname(first));
    },
    async remove(path) {
      onStep({ kind: "remove", path });
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Opens a file for one piece of work and closes it whatever happens. */
export async function withFile<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Writes all of some bytes at a position. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}
