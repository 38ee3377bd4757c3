import { readFile } from "node:fs/promises";
import { Command } from "commander";
import type { NewRollout, WaveShare } from "../../rollouts/rollout.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { durationMs } from "../duration.ts";
import { print } from "../output.ts";
import { rolloutLines, rolloutList } from "../rollout-lines.ts";

/** `fieldloop rollout`: a release on its way through a group, wave by wave. */
export const rolloutCommand = (): Command =>
  new Command("rollout")
    .description("bring a release to a group of devices, wave by wave")
    .addCommand(start())
    .addCommand(status())
    .addCommand(command("pause", "ask no further device; those that were asked are still judged"))
    .addCommand(command("resume", "go on with a paused rollout"))
    .addCommand(command("abort", "end a rollout and give every asked device its previous release"));

type StartOptions = ConnectionOptions & { waves?: string; soak?: string; longest?: string; gate?: string };

const start = (): Command =>
  withConnection(new Command("start"))
    .description("start a rollout; its first wave opens at once")
    .argument("<release>", "digest of the release")
    .argument("<group>", 'name of the group, or "all" for every enrolled device')
    .option("--waves <list>", 'numbers of devices and shares of the group reached, as "1,25%,100%"')
    .option("--soak <time>", 'how long a wave runs at least, as "5m"')
    .option("--longest <time>", "how long a wave may take before it counts as silent")
    .option("--gate <file>", "JSON file with the gate, where it differs from the defaults")
    .action(async (release: string, group: string, options: StartOptions) => {
      const rollout = await (await connect(options)).startRollout({ release, group, ...(await details(options)) });
      print(options, rollout, () => rolloutLines(rollout));
    });

async function details({ waves, soak, longest, gate }: StartOptions): Promise<Partial<NewRollout>> {
  return {
    ...(waves === undefined ? {} : { waves: waves.split(",").map((share) => shareOf(share.trim())) }),
    ...(soak === undefined ? {} : { soakMs: durationMs("--soak", soak) }),
    ...(longest === undefined ? {} : { longestSoakMs: durationMs("--longest", longest) }),
    // The hub checks the gate against its schema.
    ...(gate === undefined
      ? {}
      : { gate: JSON.parse(await readFile(gate, "utf8")) as NonNullable<NewRollout["gate"]> }),
  };
}

const shareOf = (text: string): WaveShare => (/^\d+$/.test(text) ? Number(text) : text);

const status = (): Command =>
  withConnection(new Command("status"))
    .description("show a rollout's waves and rules, or list all rollouts")
    .argument("[rollout]")
    .action(async (id: string | undefined, options: ConnectionOptions) => {
      const client = await connect(options);
      if (id === undefined) {
        const rollouts = await client.rollouts();
        print(options, rollouts, () => rolloutList(rollouts));
        return;
      }
      const rollout = await client.rollout(id);
      print(options, rollout, () => rolloutLines(rollout));
    });

const command = (name: "pause" | "resume" | "abort", description: string): Command =>
  withConnection(new Command(name))
    .description(description)
    .argument("<rollout>")
    .option("--reason <text>", "why")
    .action(async (id: string, options: ConnectionOptions & { reason?: string }) => {
      const { reason } = options;
      const rollout = await (await connect(options)).commandRollout(id, name, reason);
      print(options, rollout, () => [`Rollout ${id} is ${rollout.state}. ${rollout.reason}`]);
    });
