// Starts a TypeScript program on the pinned Node. Plain JavaScript: it runs on any Node from 20 on.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureInstalled, pinnedEnv, pinnedNode } from "./install.mjs";

/**
 * Runs `program` (a file URL) on the pinned Node with this process's arguments, streams and signals, and ends with its
 * exit code. Children of the program inherit Node and the export condition through `process.execPath` and `execArgv`.
 */
export function runPinned(program, args = process.argv.slice(2)) {
  ensureInstalled();
  const child = spawn(pinnedNode, ["--conditions=fieldloop", fileURLToPath(program), ...args], {
    stdio: "inherit",
    env: pinnedEnv,
  });
  // Ctrl-C reaches the whole foreground group by itself; signals sent to this process alone are handed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
}
