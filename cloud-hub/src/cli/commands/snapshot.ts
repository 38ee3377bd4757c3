import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { print } from "../output.ts";
import { parseQuery } from "../query-text.ts";

/** `fieldloop snapshot`: freeze a dataset, look at one. */
export const snapshotCommand = (): Command =>
  new Command("snapshot").description("frozen datasets").addCommand(create()).addCommand(show());

type CreateOptions = ConnectionOptions & { old?: string; field?: string; selfLabel?: string };

const create = (): Command =>
  withConnection(new Command("create"))
    .description("freeze the members of up to two queries")
    .argument("<name>")
    .option("--old <query>", "query of the old domain, for example source=import")
    .option("--field <query>", "query of the field's samples, for example source=device")
    .option("--self-label <threshold>", "label unanswered field tracks by the model's vote when it is surer than this")
    .action(async (name: string, options: CreateOptions) => {
      const selfLabel = options.selfLabel === undefined ? undefined : { threshold: Number(options.selfLabel) };
      const parts = [
        ...(options.old === undefined ? [] : [{ role: "old" as const, query: parseQuery(options.old) }]),
        ...(options.field === undefined
          ? []
          : [{ role: "field" as const, query: parseQuery(options.field), selfLabel }]),
      ];
      const snapshot = await (await connect(options)).createSnapshot({ name, parts });
      print(options, snapshot, () => [`Snapshot ${snapshot.id} (${snapshot.hash}): ${describe(snapshot.counts)}`]);
    });

const show = (): Command =>
  withConnection(new Command("show"))
    .description("show one snapshot")
    .argument("<snapshot>")
    .action(async (id: string, options: ConnectionOptions) => {
      const snapshot = await (await connect(options)).snapshot(id);
      print(options, snapshot, () => [`${snapshot.name} (${snapshot.hash}): ${describe(snapshot.counts)}`]);
    });

const describe = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
