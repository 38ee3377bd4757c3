import { resolve } from "node:path";
import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { print } from "../output.ts";

/** `fieldloop backup`: writes everything the hub holds into one file while it runs, and reads it back. */
export const backupCommand = (): Command =>
  withConnection(new Command("backup"))
    .description("write everything the hub holds into one file, and read it back")
    .argument("<file>", "path on the hub's machine")
    .action(async (file: string, options: ConnectionOptions) => {
      const answer = await (await connect(options)).backup(resolve(file));
      print(options, answer, () => [`Wrote and verified ${answer.bytes} bytes in ${answer.file}.`]);
    });
