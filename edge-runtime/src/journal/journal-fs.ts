import * as nodeFs from "node:fs/promises";

/** An open file as the journal uses it; `FileHandle` of `node:fs/promises` is one. */
export interface JournalFile {
  readonly write: (
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesWritten: number }>;
  readonly writev: (buffers: readonly Uint8Array[], position: number) => Promise<{ readonly bytesWritten: number }>;
  readonly read: (
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesRead: number }>;
  readonly stat: () => Promise<{ readonly size: number }>;
  readonly truncate: (bytes: number) => Promise<void>;
  readonly datasync: () => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The file system calls that segments and state pass through, so that a test can make the nth one fail. */
export interface JournalFs {
  readonly open: (path: string, flags: string) => Promise<JournalFile>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  readonly mkdir: (path: string, options: { readonly recursive: true }) => Promise<unknown>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly statfs: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }>;
}

/** The real file system. */
export const realFs: JournalFs = {
  open: (path, flags) => nodeFs.open(path, flags, 0o600),
  rename: nodeFs.rename,
  unlink: nodeFs.unlink,
  mkdir: (path, options) => nodeFs.mkdir(path, { ...options, mode: 0o700 }),
  readdir: (path) => nodeFs.readdir(path),
  statfs: (path) => nodeFs.statfs(path),
};

/** Makes creations, renames and deletions in a folder durable. */
export async function syncFolder(fs: JournalFs, path: string): Promise<void> {
  const folder = await fs.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes all of `buffers` at `position`, however many calls it takes. */
export async function writeFully(file: JournalFile, buffers: readonly Uint8Array[], position: number): Promise<void> {
  const total = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const { bytesWritten } = await file.writev(buffers, position);
  if (bytesWritten === total) return;
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  for (let done = 0; done < rest.length; ) {
    done += (await file.write(rest, done, rest.length - done, position + bytesWritten + done)).bytesWritten;
  }
}

/** Reads up to `length` bytes at `position`; shorter only at the end of the file. */
export async function readFully(file: JournalFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** The whole content of a file. */
export async function readWhole(fs: JournalFs, path: string): Promise<Buffer> {
  const file = await fs.open(path, "r");
  try {
    return await readFully(file, 0, (await file.stat()).size);
  } finally {
    await file.close();
  }
}
