import { extname } from "node:path";
import { HubError } from "../errors.ts";
import { runProgram } from "../jobs/child-program.ts";
import type { TrainingEvent } from "./event-log.ts";

/** How a run of the embedded trainer may be watched and ended. */
export interface TrainingJobControl {
  readonly signal: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

const program = new URL(`./training-program${extname(import.meta.url)}`, import.meta.url);

/**
 * Runs the embedded trainer on a job directory in a process of its own. An abort stops it after the running step with a
 * checkpoint; set `resume` in its `job.json` to go on from there, bit by bit as if it had not stopped.
 * @throws {HubError} `run-failed` with the program's last words
 */
export async function runTrainingJob(jobDir: string, control: TrainingJobControl): Promise<"done" | "stopped"> {
  let last: TrainingEvent | undefined;
  const end = await runProgram({
    program,
    args: [jobDir],
    signal: control.signal,
    onMessage: (message) => {
      // The program is ours and sends nothing else.
      last = message as TrainingEvent;
      control.onEvent?.(last);
    },
  });
  if (end.exitCode === 0) return "done";
  if (last?.type === "stopped" || end.exitCode === 143) return "stopped";
  throw new HubError(
    "run-failed",
    `The training program ended with ${end.exitCode ?? end.signal}: ${end.stderr || "it said nothing"}`,
  );
}
