import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a job's program ended. stderr: its last lines, for the sentence that a person reads */
export type ProgramEnd = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
};

/** One program of a job, in a process of its own. */
export type ProgramOptions = {
  readonly program: URL;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Asks the program to stop: SIGTERM, and SIGKILL when it has not ended after `graceMs`. */
  readonly signal: AbortSignal;
  readonly graceMs?: number;
  readonly onMessage?: (message: unknown) => void;
};

const stderrKept = 4000;

/** Runs a program to its end; its process is told when this one is gone, since the channel between them closes. */
export function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const child = fork(fileURLToPath(options.program), [...options.args], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, ...options.env },
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  if (options.onMessage) child.on("message", options.onMessage);
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill("SIGTERM");
    killer = setTimeout(() => child.kill("SIGKILL"), options.graceMs ?? 30_000);
  };
  if (options.signal.aborted) stop();
  else options.signal.addEventListener("abort", stop, { once: true });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      clearTimeout(killer);
      options.signal.removeEventListener("abort", stop);
      resolve({ exitCode, signal, stderr: stderr.trim() });
    });
  });
}
