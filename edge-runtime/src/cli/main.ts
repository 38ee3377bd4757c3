import { Command } from "commander";
import { runtimeVersion } from "../runtime/runtime-version.ts";
import { doctorCommand } from "./doctor.ts";
import { enrolCommand } from "./enrol.ts";
import { runCommand } from "./run.ts";
import { statusCommand } from "./status.ts";

const program = new Command("fieldloop-edge")
  .description("Runs released models on this device, keeps what is worth it, and sends it to the hub.")
  .version(runtimeVersion)
  .showHelpAfterError()
  .addCommand(enrolCommand())
  .addCommand(runCommand())
  .addCommand(statusCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`fieldloop-edge: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
