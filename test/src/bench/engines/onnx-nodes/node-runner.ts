import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Tensor } from "@fieldloop/compiler";

/** One model to load and run once. */
export interface RunRequest {
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** What the engine answered, or the sentence with which it refused. */
export type RunAnswer = { readonly outputs: ReadonlyMap<string, Tensor> } | { readonly error: string };

/** An answer, or how the engine's process ended instead. */
export type RunOutcome = RunAnswer | { readonly crash: string };

const program = fileURLToPath(new URL("node-runner-child.ts", import.meta.url));
const limitMs = 30_000;

/** Runs models in onnxruntime in one child process after another: a model that ends its process costs only itself. */
export class NodeRunner {
  #child: ChildProcess | undefined;

  run(request: RunRequest): Promise<RunOutcome> {
    const child = this.#child ?? this.#start();
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(`no answer in ${limitMs} ms`), limitMs);
      const settle = (outcome: RunOutcome) => {
        clearTimeout(timer);
        child.off("message", receive).off("exit", fall);
        resolve(outcome);
      };
      const receive = (message: unknown) => settle(message as RunAnswer); // written by node-runner-child.ts
      const end = (why: string) => {
        this.#child = undefined;
        child.kill("SIGKILL");
        settle({ crash: why });
      };
      const fall = (code: number | null, signal: string | null) => end(signal ?? `exit code ${code}`);
      child.once("message", receive).once("exit", fall);
      child.send(request);
    });
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const execArgv = process.execArgv.filter((flag) => flag.startsWith("--conditions"));
    this.#child = fork(program, {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env,
      execArgv,
    });
    return this.#child;
  }
}
