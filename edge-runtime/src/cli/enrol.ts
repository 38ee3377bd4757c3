import { Command } from "commander";
import { enrol } from "../identity/enrolment.ts";
import { dataOption, jsonOption } from "./data-folder.ts";

/** `fieldloop-edge enrol CODE`: makes a folder the data folder of a device of the hub that gave the code. */
export function enrolCommand(): Command {
  return new Command("enrol")
    .description("enrol this machine with the one-time code that the hub printed")
    .argument("<code>", "the code, fl1_…")
    .addOption(dataOption())
    .option("--profile <name>", "the kind of machine, where it is not detected")
    .option("--name <name>", "what this machine calls itself; its host name otherwise")
    .option("--simulated", "say that this is no machine in the field")
    .addOption(jsonOption("the device"))
    .action(async (code: string, options: EnrolOptions) => {
      const { fleet, device, profile } = await enrol(code, options.data, options);
      const text = options.json
        ? JSON.stringify({ fleet, device, profile, data: options.data })
        : `Enrolled as device "${device}" (${profile}) of fleet "${fleet}" in ${options.data}.`;
      process.stdout.write(`${text}\n`);
    });
}

interface EnrolOptions {
  readonly data: string;
  readonly profile?: string;
  readonly name?: string;
  readonly simulated?: boolean;
  readonly json?: boolean;
}
