import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuntimeStatus } from "./status.ts";

const longestSocketPath = 100;
const answerTimeoutMs = 5_000;

/** Answers whoever connects to the data folder's socket with the runtime's status, until it is closed. */
export async function serveStatus(dir: string, status: () => RuntimeStatus): Promise<{ close(): Promise<void> }> {
  const path = socketPath(dir);
  // Whoever serves holds the folder's lock, so a socket that lies there was left by a crash.
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(JSON.stringify(status()));
  });
  server.unref();
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
  return {
    async close() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The status of the runtime that works in a data folder, `undefined` when none does. */
export async function askStatus(dir: string): Promise<RuntimeStatus | undefined> {
  const socket = createConnection(socketPath(dir));
  socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error("no answer")));
  let text = "";
  try {
    for await (const chunk of socket.setEncoding("utf8")) text += chunk;
    return JSON.parse(text) as RuntimeStatus; // written by `serveStatus` of the same package
  } catch {
    return undefined;
  }
}

function socketPath(dir: string): string {
  const path = join(realpathSync(dir), "status.sock");
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `fieldloop-edge-${name}.sock`);
}
