import { fdatasyncSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** Words of the memory that the database's thread shares with its owner. */
export const sharedWords = { syncs: 0, failSyncs: 1, renames: 2, length: 3 } as const;

const errnoIo = 29;

type FsNode = { name: string; parent: FsNode; readonly mount: { readonly opts: { readonly root: string } } };
type NodeFileSystem = {
  readonly convertNodeCode: (error: unknown) => number;
  readonly node_ops: { rename: (node: FsNode, folder: FsNode, name: string) => void };
  readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number };
};
type EmscriptenFs = {
  readonly ErrnoError: new (errno: number) => Error;
  readonly filesystems: { readonly NODEFS: NodeFileSystem };
};

/**
 * The file system that makes PGlite durable: an fsync that reaches the disk and a rename that never leaves a moment without
 * the file (upstream has neither; pglite #1107). counts: shared words, so that an owner sees syncs and may make them fail
 */
export class DurableFs extends NodeFS {
  readonly #counts: Int32Array;

  constructor(dir: string, counts: Int32Array) {
    super(dir);
    this.#counts = counts;
  }

  override async init(...[pg, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pg, options);
    // The emscripten typings of PGlite do not describe NODEFS; the start-up self-test proves what this reaches into.
    const hook = (module: { FS: unknown }) => makeDurable(module.FS as EmscriptenFs, this.#counts);
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), hook] } };
  }
}

/** PGlite's start parameters without the one that turns syncing off, and with the only sync that reaches the hook. */
export function durableStartParams(pglite: typeof PGlite): string[] {
  return [...pglite.defaultStartParams.filter((each) => each !== "-F"), "-c", "wal_sync_method=fsync"];
}

function makeDurable(fs: EmscriptenFs, counts: Int32Array): void {
  const { NODEFS } = fs.filesystems;
  NODEFS.stream_ops.fsync = ({ nfd }) => syncOrErrno(nfd, counts);
  NODEFS.node_ops.rename = (node, folder, name) => {
    try {
      renameSync(realPath(node), join(realPath(folder), name));
    } catch (error) {
      throw new fs.ErrnoError(NODEFS.convertNodeCode(error));
    }
    node.name = name;
    Atomics.add(counts, sharedWords.renames, 1);
  };
}

/** Returns the error number: a thrown error would be swallowed and the transaction reported as committed. */
function syncOrErrno(descriptor: number, counts: Int32Array): number {
  try {
    if (Atomics.load(counts, sharedWords.failSyncs) !== 0) return errnoIo;
    fdatasyncSync(descriptor);
    Atomics.add(counts, sharedWords.syncs, 1);
    return 0;
  } catch {
    return errnoIo;
  }
}

function realPath(node: FsNode): string {
  const parts: string[] = [];
  let current = node;
  for (; current.parent !== current; current = current.parent) parts.unshift(current.name);
  return join(current.mount.opts.root, ...parts);
}
