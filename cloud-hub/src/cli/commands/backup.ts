import { resolve } from "node:path";
import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { print } from "../output.ts";
import { readPassphrase } from "../passphrase.ts";

type BackupOptions = ConnectionOptions & { passphraseFile?: string };

/** `fieldloop backup`: writes everything the hub holds into one file while it runs, and reads it back. */
export const backupCommand = (): Command =>
  withConnection(new Command("backup"))
    .description("write everything the hub holds into one file, and read it back")
    .argument("<file>", "path on the hub's machine")
    .option("--passphrase-file <file>", "seal keys, token and certificate into it (or FIELDLOOP_PASSPHRASE)")
    .action(async (file: string, options: BackupOptions) => {
      const passphrase = await readPassphrase(options.passphraseFile);
      const report = await (await connect(options)).backup(resolve(file), passphrase);
      print(options, report, () => [
        `Wrote and verified ${report.rows} rows and ${report.blobs} blobs (${report.bytes} bytes) in ${report.file}.`,
        report.secrets === "encrypted"
          ? "Keys, token and certificate are in it, sealed with the passphrase."
          : "Keys, token and certificate are not in it: keep the folders keys/ and tls/ and the file token yourself.",
      ]);
    });
