import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createHubClient, type HubClient } from "@fieldloop/cloud-hub";
import { ExampleError } from "../errors.ts";

const command = fileURLToPath(new URL("../../../../cloud-hub/bin/fieldloop.mjs", import.meta.url));

/** A hub in a process of its own, started as a user starts it, and a client with its token. */
export interface HubProcess {
  readonly url: string;
  readonly client: HubClient;
  close(): Promise<void>;
}

/**
 * Runs `fieldloop hub` on a data folder.
 * port: 0 takes the next free ones
 * @throws {ExampleError} `hub-failed` with the hub's own sentence
 */
export async function startHubProcess(data: string, port: "default" | "free"): Promise<HubProcess> {
  const ports = port === "free" ? ["--port", "0", "--mqtt-port", "0"] : [];
  const child = spawn(process.execPath, [command, "hub", "--data", data, "--json", ...ports], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C must not reach it before the device has closed
  });
  const { url } = await firstLine(child);
  const token = (await readFile(join(data, "token"), "utf8")).trim();
  return { url, client: createHubClient({ url, token }), close: () => stop(child) };
}

async function firstLine(child: ChildProcess): Promise<{ url: string }> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-4000);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) =>
      reject(new ExampleError("hub-failed", said.trim() || `Expected the hub to start, it ended with ${code}.`)),
    );
  });
  ended.catch(() => undefined);
  const line = new Promise<string>((resolve) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
  });
  return JSON.parse(await Promise.race([line, ended])) as { url: string }; // the hub's --json line
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
}
