import { fileURLToPath } from "node:url";
import { bootGuest, whyNoGuest } from "./guest.ts";
import { bootOnLoopDisk, whyNoLoopDisk } from "./loop-disk.ts";

/**
 * What a power cut is tried on: two scripts that a guest runs on its disk. Both get `--dir`; the writer also `--start` (a number
 * to count from, different in every cycle) and perhaps `--no-sync`. The writer prints `ready`, then `ack NAME… DIGEST` for each
 * acknowledgement, and never ends. The checker opens what is on the disk, prints `held NAME… DIGEST` for all it finds and, where
 * names end in a number, `gone NAME… FROM TO` for what was given up on purpose, and ends.
 */
export interface Subject {
  readonly writer: string;
  readonly checker: string;
  /** Where it runs: a user-mode machine, or an image mounted here whose file system is shut down. */
  readonly machine: "guest" | "loop-disk";
  /** The most time from ready to cut. */
  readonly longestMs: number;
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The subjects by name. */
export const subjects: Readonly<Record<string, Subject>> = {
  hub: {
    writer: script("./hub-writer.ts"),
    checker: script("./hub-checker.ts"),
    machine: "loop-disk",
    longestMs: 6000,
  },
  edge: {
    writer: script("../crash/append-forever.ts"),
    checker: script("./list-journal.ts"),
    machine: "guest",
    longestMs: 1500,
  },
};

/** Boots the machine of a kind, and why it cannot be booted here. */
export const machines = {
  guest: { boot: bootGuest, why: whyNoGuest },
  "loop-disk": { boot: bootOnLoopDisk, why: whyNoLoopDisk },
} as const;
