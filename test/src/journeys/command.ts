import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const programs = {
  fieldloop: fileURLToPath(new URL("../../../cloud-hub/src/cli/main.ts", import.meta.url)),
  "fieldloop-edge": fileURLToPath(new URL("../../../edge-runtime/src/cli/main.ts", import.meta.url)),
  demo: fileURLToPath(new URL("../../../examples/road-signs/src/main.ts", import.meta.url)),
} as const;

/** How a command ended. signal: what killed it · out, err: everything that it wrote */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A command of fieldloop as a process of its own, so that killing it kills what a user would kill. */
export interface Command {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** The next line of standard output. @throws {Error} with standard error when the command ends before */
  line(): Promise<string>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/** Starts `fieldloop`, `fieldloop-edge` or the demo with arguments. */
export function startCommand(program: keyof typeof programs, args: readonly string[], cwd?: string): Command {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--conditions=fieldloop", programs[program], ...args], {
    cwd,
    env,
    stdio: "pipe",
  });
  const written = { out: "", err: "" };
  let read = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.err += text));
  child.stdin.on("error", () => undefined);
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...written }) as Ended);
  const nextLine = () => {
    const end = written.out.indexOf("\n", read);
    if (end < 0) return undefined;
    const text = written.out.slice(read, end);
    read = end + 1;
    return text;
  };
  return {
    child,
    ended,
    async line() {
      for (let isOver = false; ; ) {
        const text = nextLine();
        if (text !== undefined) return text;
        if (isOver) throw new Error(`${program} ${args[0] ?? ""} ended without another line: ${written.err}`);
        isOver = await Promise.race([once(child.stdout, "data").then(() => false), ended.then(() => true)]);
      }
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a command to its end. */
export function runCommand(program: keyof typeof programs, args: readonly string[], cwd?: string): Promise<Ended> {
  const { child, ended } = startCommand(program, args, cwd);
  child.stdin.end();
  return ended;
}
