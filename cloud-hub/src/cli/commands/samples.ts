import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { Command, Option } from "commander";
import { HubError } from "../../errors.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { moment, print, table } from "../output.ts";
import { parseQuery } from "../query-text.ts";

/** `fieldloop samples`: import a folder, search, look at one, take its image, delete it. */
export const samplesCommand = (): Command =>
  new Command("samples")
    .description("what was kept")
    .addCommand(importFolder())
    .addCommand(list())
    .addCommand(show())
    .addCommand(image())
    .addCommand(remove());

type ImportOptions = ConnectionOptions & { head: string; split: "train" | "val" | "test" };

const importFolder = (): Command =>
  withConnection(new Command("import"))
    .description("import images from one folder per class")
    .argument("<folder>")
    .requiredOption("--head <name>", "head whose class the folder names are")
    .addOption(
      new Option("--split <name>", "what the samples are for").choices(["train", "val", "test"]).default("train"),
    )
    .action(async (folder: string, options: ImportOptions) => {
      const client = await connect(options);
      const total = { imported: 0, skipped: 0 };
      for (const name of await classFolders(folder)) {
        const files = (await readdir(join(folder, name))).filter((file) => /\.(png|jpe?g|webp)$/i.test(file)).sort();
        for (let start = 0; start < files.length; start += 100) {
          const items = await Promise.all(
            files.slice(start, start + 100).map(async (file) => ({
              key: `${basename(folder)}/${relative(folder, join(folder, name, file))}`,
              image: await readFile(join(folder, name, file)),
              labels: { [options.head]: name },
              track: `${name}/${file}`,
              split: options.split,
              context: {},
            })),
          );
          const answer = await client.importSamples(items);
          total.imported += answer.imported;
          total.skipped += answer.skipped;
        }
      }
      print(options, total, () => [`Imported ${total.imported} samples; ${total.skipped} were there already.`]);
    });

async function classFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  const names =
    entries
      ?.filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort() ?? [];
  if (names.length > 0) return names;
  throw new HubError(
    "bad-request",
    `Expected one folder of images per class in ${folder}, found ${entries === undefined ? "no such folder" : "none"}.`,
  );
}

type ListOptions = ConnectionOptions & { query: string; near?: string; limit: string; cursor?: string };

const list = (): Command =>
  withConnection(new Command("list"))
    .description("search samples")
    .option("--query <text>", "for example source=device,audit=true,confidenceBelow=0.6", "")
    .option("--near <sample>", "order by similarity to this sample")
    .option("--limit <number>", "how many", "20")
    .option("--cursor <text>", "continue where a page ended")
    .action(async (options: ListOptions) => {
      const { near, cursor } = options;
      const search = { ...parseQuery(options.query), near, cursor, limit: Number(options.limit) };
      const page = await (await connect(options)).samples(search);
      print(options, page, () => [
        ...table([
          ["sample", "at", "device", "track", "class", "confidence", "labels"],
          ...page.samples.map((each) => [
            each.id,
            moment(each.at),
            each.device ?? each.source,
            each.track ?? "",
            each.class ?? "",
            each.confidence === null ? "" : each.confidence.toFixed(3),
            Object.entries(each.labels)
              .map(([head, label]) => `${head}=${label.class}`)
              .join(" "),
          ]),
        ]),
        ...(page.next === undefined ? [] : [`more: --cursor ${page.next}`]),
      ]);
    });

const show = (): Command =>
  withConnection(new Command("show"))
    .description("show one sample")
    .argument("<sample>")
    .action(async (id: string, options: ConnectionOptions) => {
      const sample = await (await connect(options)).sample(id);
      print(options, sample, () => [JSON.stringify(sample, undefined, 2)]);
    });

const image = (): Command =>
  withConnection(new Command("image"))
    .description("write a sample's image to a file")
    .argument("<sample>")
    .argument("<file>")
    .action(async (id: string, file: string, options: ConnectionOptions) => {
      const bytes = await (await connect(options)).sampleImage(id);
      await writeFile(file, bytes);
      print(options, { file, bytes: bytes.byteLength }, () => [`Wrote ${bytes.byteLength} bytes to ${file}.`]);
    });

const remove = (): Command =>
  withConnection(new Command("delete"))
    .description("delete a sample; its labels stay as history")
    .argument("<sample>")
    .option("--reason <text>", "why, for whoever looks for it")
    .action(async (id: string, options: ConnectionOptions & { reason?: string }) => {
      const deleted = await (await connect(options)).deleteSample(id, options.reason);
      print(options, deleted, () => [deleted.sentence]);
    });
