import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { createHubClient, type HubClient } from "../http/client/hub-client.ts";

/** Where a hub keeps its data unless told otherwise. */
export const defaultDataDir = ".fieldloop/hub";

/** The options by which every command finds its hub and chooses its output. */
export type ConnectionOptions = {
  readonly hub: string;
  readonly data: string;
  readonly fingerprint?: string;
  readonly json?: boolean;
};

/** Adds `--hub`, `--data`, `--fingerprint` and `--json` to a command. */
export function withConnection(command: Command): Command {
  return command
    .option("--hub <url>", "address of the hub", process.env.FIELDLOOP_HUB ?? "http://127.0.0.1:7600")
    .option("--data <folder>", "the hub's data folder on this machine, for its token and certificate", defaultDataDir)
    .option("--fingerprint <sha256>", "certificate of a hub elsewhere, as it prints it on start")
    .option("--json", "print one JSON value instead of text");
}

/** A client for the hub that the options name; the token comes from FIELDLOOP_TOKEN or the data folder. */
export async function connect(options: ConnectionOptions): Promise<HubClient> {
  const token = process.env.FIELDLOOP_TOKEN ?? (await readIfThere(join(options.data, "token")))?.trim();
  const certificate = options.hub.startsWith("https:")
    ? await readIfThere(join(options.data, "tls", "cert.pem"))
    : undefined;
  const fingerprint = options.fingerprint ?? (certificate === undefined ? undefined : fingerprintOf(certificate));
  return createHubClient({ url: options.hub, token, fingerprint });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const fingerprintOf = (cert: string): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
