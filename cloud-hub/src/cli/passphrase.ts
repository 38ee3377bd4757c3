import { readFile } from "node:fs/promises";

/** The passphrase of a backup: the first line of a file, or FIELDLOOP_PASSPHRASE, or none. */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return process.env.FIELDLOOP_PASSPHRASE;
  return (await readFile(file, "utf8")).split("\n")[0]?.trim();
}
