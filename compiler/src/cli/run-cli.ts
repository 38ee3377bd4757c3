import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { compileCommand } from "./commands/compile.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { mergeCommand } from "./commands/merge.ts";
import { verifyCommand } from "./commands/verify.ts";
import { printer, type Write } from "./output.ts";

const commands = [compileCommand, inspectCommand, verifyCommand, benchCommand, mergeCommand];

/** Runs `fieldloop-compile` with the arguments after its name; returns the exit code, errors being told in one sentence. */
export async function runCli(given: readonly string[], out: Write, err: Write): Promise<number> {
  try {
    await programWith(out, err).parseAsync(given, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    err(`fieldloop-compile: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function programWith(out: Write, err: Write): Command {
  const program = new Command("fieldloop-compile").description("Compile ONNX models into variants for devices.");
  for (const command of commands) program.addCommand(command(printer(out)));
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ writeOut: out, writeErr: err });
  return program;
}
