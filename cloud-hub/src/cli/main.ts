import { Command, CommanderError } from "commander";
import { backupCommand } from "./commands/backup.ts";
import { compileCommand } from "./commands/compile.ts";
import { devicesCommand } from "./commands/devices.ts";
import { driftCommand } from "./commands/drift.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { hubCommand } from "./commands/hub.ts";
import { labelsCommand } from "./commands/labels.ts";
import { peopleCommand } from "./commands/people.ts";
import { releaseCommand } from "./commands/release.ts";
import { restoreCommand } from "./commands/restore.ts";
import { rolloutCommand } from "./commands/rollout.ts";
import { samplesCommand } from "./commands/samples.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { trainCommand } from "./commands/train.ts";

const commands = [
  hubCommand,
  peopleCommand,
  devicesCommand,
  samplesCommand,
  labelsCommand,
  snapshotCommand,
  trainCommand,
  evaluateCommand,
  compileCommand,
  releaseCommand,
  rolloutCommand,
  driftCommand,
  backupCommand,
  restoreCommand,
];

const program = new Command("fieldloop").description("Train in the hub, run on the edge, learn from the field.");
for (const command of commands) program.addCommand(command());
program.exitOverride();
for (const command of program.commands) exitByError(command);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`fieldloop: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function exitByError(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByError(child);
}
