import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createHubClient, type HubClient } from "@fieldloop/cloud-hub";
import { type Command, startCommand } from "./command.ts";

/** A hub in a process of its own. fingerprint: of its certificate, away from loopback */
export interface HubProcess {
  readonly command: Command;
  readonly url: string;
  readonly mqttUrl: string;
  readonly fingerprint: string | undefined;
  readonly client: HubClient;
}

/** Starts `fieldloop hub` on a data folder, on the ports that it had before or free ones, and waits until it answers. */
export async function startHubProcess(dataDir: string, more: readonly string[] = []): Promise<HubProcess> {
  const command = startCommand("fieldloop", hubArguments(dataDir, more));
  return answeringHub(command, dataDir);
}

/** The arguments of a hub that takes free ports and says on one line of JSON where it answers. */
export function hubArguments(dataDir: string, more: readonly string[] = []): string[] {
  return ["hub", "--data", dataDir, "--port", "0", "--mqtt-port", "0", "--json", ...more];
}

/** Waits until a started hub answers. */
export async function answeringHub(command: Command, dataDir: string): Promise<HubProcess> {
  const said = JSON.parse(await command.line()) as { url: string; mqttUrl: string; fingerprint: string | null };
  const fingerprint = said.fingerprint ?? undefined;
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  const client = createHubClient({ url: said.url, token, fingerprint });
  return { command, url: said.url, mqttUrl: said.mqttUrl, fingerprint, client };
}
