import { resolve } from "node:path";
import { Command } from "commander";
import { defaultDataDir } from "../connection.ts";
import { print } from "../output.ts";
import { readPassphrase } from "../passphrase.ts";

type RestoreOptions = { data: string; passphraseFile?: string; json?: boolean };

/** `fieldloop restore`: makes a data folder from a backup; no hub need run. */
export const restoreCommand = (): Command =>
  new Command("restore")
    .description("make a data folder from a backup; then start the hub on it")
    .argument("<file>")
    .option("--data <folder>", "the folder to make; it must be empty or missing", defaultDataDir)
    .option("--passphrase-file <file>", "opens the sealed keys (or FIELDLOOP_PASSPHRASE)")
    .option("--json", "print one JSON value instead of text")
    .action(async (file: string, options: RestoreOptions) => {
      const { restoreBackup } = await import("../../backup/backup.ts"); // heavy: no other command waits for it
      const report = await restoreBackup(
        resolve(file),
        resolve(options.data),
        await readPassphrase(options.passphraseFile),
      );
      const rows = Object.values(report.rows).reduce((sum, count) => sum + count, 0);
      print(options, report, () => [
        `Restored ${rows} rows and ${report.blobs} blobs into ${options.data}.`,
        report.secrets === "restored"
          ? "Keys, token and certificate are back too."
          : "Keys were not in it, or no passphrase was given: put keys/ (and tls/, token) back before the hub starts.",
      ]);
    });
