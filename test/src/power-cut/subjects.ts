import { fileURLToPath } from "node:url";

/**
 * What a power cut is tried on: two scripts that a guest runs on its disk. Both get `--dir`; the writer also `--start` (a number
 * to count from, different in every cycle) and perhaps `--no-sync`. The writer prints `ready`, then `ack NAME… DIGEST` for each
 * acknowledgement, and never ends. The checker opens what is on the disk, prints `held NAME… DIGEST` for all it finds and, where
 * names end in a number, `gone NAME… FROM TO` for what was given up on purpose, and ends.
 */
export interface Subject {
  readonly writer: string;
  readonly checker: string;
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The subjects by name. */
export const subjects: Readonly<Record<string, Subject>> = {
  edge: { writer: script("../crash/append-forever.ts"), checker: script("./list-journal.ts") },
};
