import { type JournalFile, type JournalFs, realFs } from "./journal-fs.ts";

/** One call that passed through: `datasync` of a path, for instance. */
export interface FsCall {
  readonly operation: string;
  readonly path: string;
}

/**
 * The real file system with a tap: `calls` lists every changing call, and `fail` may give an error code for any of them.
 * A failing write first writes half of its bytes, as a full disk does. freeBytes: what `statfs` says, where set
 */
export class FaultyFs implements JournalFs {
  readonly calls: FsCall[] = [];
  freeBytes: number | undefined;
  fail: (call: FsCall, nth: number) => string | undefined = () => undefined;

  readonly open = async (path: string, flags: string): Promise<JournalFile> => {
    if (flags !== "r") this.#pass("open", path);
    return this.#tap(await realFs.open(path, flags), path);
  };

  readonly rename = async (from: string, to: string): Promise<void> => {
    this.#pass("rename", to);
    await realFs.rename(from, to);
  };

  readonly unlink = async (path: string): Promise<void> => {
    this.#pass("unlink", path);
    await realFs.unlink(path);
  };

  readonly mkdir: JournalFs["mkdir"] = (path, options) => realFs.mkdir(path, options);
  readonly readdir: JournalFs["readdir"] = (path) => realFs.readdir(path);

  readonly statfs: JournalFs["statfs"] = async (path) =>
    this.freeBytes === undefined ? realFs.statfs(path) : { bavail: this.freeBytes, bsize: 1 };

  /** How many calls so far were `operation` on a path that ends with `suffix`. */
  count(operation: string, suffix = ""): number {
    return this.calls.filter((call) => call.operation === operation && call.path.endsWith(suffix)).length;
  }

  #tap(file: JournalFile, path: string): JournalFile {
    return {
      read: (buffer, offset, length, position) => file.read(buffer, offset, length, position),
      stat: () => file.stat(),
      close: () => file.close(),
      write: async (buffer, offset, length, position) => {
        this.#pass("write", path);
        return file.write(buffer, offset, length, position);
      },
      writev: async (buffers, position) => {
        try {
          this.#pass("write", path);
        } catch (error) {
          const bytes = Buffer.concat(buffers);
          await file.write(bytes, 0, bytes.length >> 1, position);
          throw error;
        }
        return file.writev(buffers, position);
      },
      truncate: async (bytes) => {
        this.#pass("truncate", path);
        await file.truncate(bytes);
      },
      datasync: async () => {
        this.#pass("datasync", path);
        await file.datasync();
      },
      sync: async () => {
        this.#pass("sync", path);
        await file.sync();
      },
    };
  }

  #pass(operation: string, path: string): void {
    const call = { operation, path };
    this.calls.push(call);
    const code = this.fail(call, this.calls.length);
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected, ${operation} ${path}`), { code });
  }
}
