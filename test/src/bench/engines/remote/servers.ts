import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** An inference server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts the stand-in server; socketPath: where it listens, a free port of the loopback unless given. */
export async function startStandIn(socketPath?: string): Promise<ServerProcess> {
  const program = fileURLToPath(new URL("./stand-in-program.ts", import.meta.url));
  const args = ["--conditions=fieldloop", program, ...(socketPath === undefined ? [] : [socketPath])];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  return { address: await lineOf(child, /./), stop: () => stop(child) };
}

/** The Python of `npm run peers` with KServe in it, or why there is none. */
export function kservePython(): { readonly python: string } | { readonly why: string } {
  const home =
    process.env.FIELDLOOP_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "fieldloop", "peers");
  const [python, server] = [join(home, "bin", "python"), join(home, "bin", "uvicorn")];
  if (existsSync(python) && existsSync(server)) return { python };
  return { why: `no Python with kserve at ${home}; npm run peers makes one, FIELDLOOP_PEERS names another` };
}

/** Starts KServe's own server over a model repository. */
export async function startKserve(python: string, repository: string): Promise<ServerProcess> {
  const port = await freePort();
  const program = fileURLToPath(new URL("./kserve-server.py", import.meta.url));
  const child = spawn(python, [program, String(port), repository], { stdio: ["ignore", "pipe", "ignore"] });
  await lineOf(child, /^ready$/);
  return { address: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

async function lineOf(child: ChildProcess, wanted: RegExp): Promise<string> {
  if (child.stdout === null) throw new Error("Expected the server's standard output to be a pipe.");
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`Expected a server, its process ended with ${code}; run its program by hand to see why.`);
  });
  ended.catch(() => undefined);
  const found = async () => {
    for await (const line of lines) if (wanted.test(line)) return line;
    return "";
  };
  const line = await Promise.race([found(), ended]);
  child.stdout.resume();
  return line;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
