import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Command-line options and positionals of a command of this room; one that it does not know ends it with a sentence and 2. */
export function readOptions<const O extends Options>(options: O) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    const known = Object.entries(options).map(([name, { type }]) => `--${name}${type === "string" ? " VALUE" : ""}`);
    const got = (error as Error).message.split(".")[0];
    process.stderr.write(`Expected options among ${known.join(", ")}; ${got}.\n`);
    process.exit(2);
  }
}
