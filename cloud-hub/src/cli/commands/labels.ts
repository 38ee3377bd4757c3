import { userInfo } from "node:os";
import { Command } from "commander";
import { HubError } from "../../errors.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { print } from "../output.ts";

/** `fieldloop labels`: what to answer next, and the answers. */
export const labelsCommand = (): Command =>
  new Command("labels").description("answers of people").addCommand(queue()).addCommand(set());

type QueueOptions = ConnectionOptions & { kind: "audit" | "labelling"; limit: string; budget?: string; seed: string };

const queue = (): Command =>
  withConnection(new Command("queue"))
    .description("what is most worth an answer, and why")
    .option("--kind <kind>", "audit or labelling", "labelling")
    .option("--limit <number>", "how many", "20")
    .option("--budget <number>", "answers that will be given in all; the choice covers as many places")
    .option("--seed <number>", "seed of the choice", "0")
    .action(async (options: QueueOptions) => {
      const budget = options.budget === undefined ? undefined : Number(options.budget);
      const page = await (await connect(options)).queue({
        kind: options.kind,
        limit: Number(options.limit),
        budget,
        seed: Number(options.seed),
      });
      print(options, page, () => page.items.map((item) => `${item.track ?? item.samples[0]}  ${item.why}`));
    });

type SetOptions = ConnectionOptions & { sample?: string; track?: string; head: string; class: string; author: string };

const set = (): Command =>
  withConnection(new Command("set"))
    .description("answer for one sample or for a whole track")
    .option("--sample <id>")
    .option("--track <name>")
    .requiredOption("--head <name>")
    .requiredOption("--class <name>")
    .option("--author <name>", "who answers", userInfo().username)
    .action(async (options: SetOptions) => {
      const { sample, track, head, author } = options;
      if ((sample === undefined) === (track === undefined)) {
        throw new HubError("bad-request", "Expected either --sample ID or --track NAME; give one of them.");
      }
      const item = { sample, track, head, class: options.class, author, kind: "human" as const };
      const answer = await (await connect(options)).label({ items: [item] });
      print(options, answer, () => [`Recorded; ${answer.samples} samples carry the label.`]);
    });
