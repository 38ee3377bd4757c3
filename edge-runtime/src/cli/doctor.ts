import { Command } from "commander";
import { checkEngine, type EngineCheck } from "../engine/engine-check.ts";
import { EdgeRuntimeError } from "../errors.ts";
import { deviceEngines } from "../identity/device-engines.ts";
import { readIdentity } from "../identity/identity.ts";
import { machineProfile } from "../identity/machine.ts";
import { dataOption, jsonOption } from "./data-folder.ts";

interface DoctorOptions {
  readonly data: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** `fieldloop-edge doctor`: which engines would run models on this machine, and why not the others. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("say which engines run models on this machine, and why not the others")
    .addOption(dataOption())
    .option("--profile <name>", "the kind of machine; the enrolled one, or what is detected, unless given")
    .addOption(jsonOption("every engine with its options"))
    .action(async ({ data, profile: named, json }: DoctorOptions) => {
      const profile = named === undefined ? await profileOf(data) : machineProfile(named);
      const checks: EngineCheck[] = [];
      for (const choice of await deviceEngines(data, profile)) checks.push(await checkEngine(choice));
      process.stdout.write(`${json ? JSON.stringify({ profile, engines: checks }) : describe(profile, checks)}\n`);
      if (!checks.some(({ runs }) => runs)) process.exitCode = 1;
    });
}

async function profileOf(data: string): Promise<string> {
  try {
    return (await readIdentity(data)).profile;
  } catch (error) {
    if (error instanceof EdgeRuntimeError && error.code === "not-enrolled") return machineProfile();
    throw error;
  }
}

function describe(profile: string, checks: readonly EngineCheck[]): string {
  const lines = checks.map(({ title, choice, runs, why }) =>
    [`${runs ? "runs" : "absent"}  ${title}  for ${choice.families.join(", ")} targets`, `    ${why}`].join("\n"),
  );
  return [`Engines of a ${profile}, in order of preference:`, ...lines].join("\n");
}
