import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { HubError } from "../../errors.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { print } from "../output.ts";

type TrainOptions = ConnectionOptions & {
  model: string;
  snapshot: string;
  base?: string;
  recipe: string;
  seed: string;
};

/** `fieldloop train`: trains on a snapshot and follows the run to its end. */
export const trainCommand = (): Command =>
  withConnection(new Command("train"))
    .description("train a version and follow the run to its end")
    .requiredOption("--model <name>", "name of the model")
    .requiredOption("--snapshot <id>", "snapshot to train on")
    .requiredOption("--recipe <file>", "JSON file with the recipe")
    .option("--base <version>", "version whose weights are the start")
    .option("--seed <number>", "seed of everything random", "0")
    .action(async (options: TrainOptions) => {
      const client = await connect(options);
      const recipe: unknown = JSON.parse(await readFile(options.recipe, "utf8"));
      if (typeof recipe !== "object" || recipe === null) {
        throw new HubError("bad-recipe", `Expected a JSON object in ${options.recipe}, got ${typeof recipe}.`);
      }
      const { model, snapshot, base, seed } = options;
      const { run } = await client.startRun({
        model,
        snapshot,
        base,
        recipe: recipe as Record<string, unknown>,
        seed: Number(seed),
      });
      const finished = await client.waitForRun(run, (event) => {
        if (!options.json) process.stderr.write(`${event.text}\n`);
      });
      print(options, finished, () => [`Run ${run} is ${finished.state}; version ${finished.version ?? "none"}.`]);
      if (finished.state !== "done") {
        throw new HubError("run-failed", finished.error ?? `Run ${run} ended as ${finished.state}.`);
      }
    });
