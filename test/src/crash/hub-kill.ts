import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createHubClient, type HubClient } from "@fieldloop/cloud-hub";
import { firstAt, imageOf } from "../power-cut/hub-subject.ts";
import { killCycles, type Victim } from "./kill-cycles.ts";
import { SendingDevice } from "./sending-device.ts";

const catchUpMs = 60_000;
const program = fileURLToPath(new URL("./hub-process.ts", import.meta.url));

/**
 * What killing a hub showed. receipted: samples that a receipt named · taken: that the broker acknowledged · lost: of either
 * that are not in the table · duplicated: rows beyond one per sample · decisions: answered before a kill and there after it
 */
export interface HubKillReport {
  readonly cycles: number;
  readonly receipted: number;
  readonly taken: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly decisions: number;
  readonly decisionsLost: number;
}

/** Kills a whole hub at random moments while devices send samples and people add devices; then lays the tables beside what was answered. */
export async function killHub(cycles: number, seed: number, devices = 3): Promise<HubKillReport> {
  const dir = mkdtempSync(join(tmpdir(), "fieldloop-hub-kill-"));
  const senders: SendingDevice[] = [];
  const added: string[] = [];
  let running: Promise<unknown> = Promise.resolve();
  try {
    await killCycles({
      cycles,
      seed,
      longestMs: 6000,
      start: () => {
        const { victim, address } = startHub(dir);
        running = address.then(async ({ hub, mqttUrl }) => {
          while (senders.length < devices) senders.push(await SendingDevice.enrol(hub, `reader-${senders.length + 1}`));
          await Promise.all([...senders.map((sender) => sender.send(mqttUrl)), addForever(hub, added)]);
        });
        running.catch(() => undefined);
        return victim;
      },
      check: async () => {
        for (const sender of senders) sender.stop();
        await running.catch(() => undefined);
      },
    });
    return { cycles, ...(await compare(dir, senders, added)) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function startHub(dir: string): { victim: Victim; address: Promise<{ hub: HubClient; mqttUrl: string }> } {
  const child = spawn(process.execPath, ["--conditions=fieldloop", program, "--dir", dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = new Promise<{ hub: HubClient; mqttUrl: string }>((resolve) => {
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      printed += chunk;
      const [, url, mqttUrl, token] = /^ready (\S+) (\S+) (\S+)\n/.exec(printed) ?? [];
      if (url !== undefined && mqttUrl !== undefined) resolve({ hub: createHubClient({ url, token }), mqttUrl });
    });
  });
  return { victim: { process: child, ready: address.then(() => undefined) }, address };
}

/** Adds devices one after another until the hub is gone; `added` holds those that were answered. */
async function addForever(hub: HubClient, added: string[]): Promise<void> {
  for (;;) {
    const device = `added-${added.length + 1}-${Math.floor(performance.now())}`;
    await hub.addDevice({ device, profile: "x86-64" });
    added.push(device);
  }
}

/** Starts the hub once more and lays what it shows beside what was answered. */
async function compare(dir: string, senders: readonly SendingDevice[], added: readonly string[]) {
  const { victim, address } = startHub(dir);
  const ended = once(victim.process, "close");
  try {
    const { hub } = await address;
    const wanted = senders.flatMap(({ name, receipted, taken }) => {
      const named = Array.from({ length: receipted }, (_, index) => index + 1);
      return [...new Set([...named, ...taken])].map((seq) => [name, seq] as const);
    });
    let { held, rows } = await heldSamples(hub);
    const isMissing = ([name, seq]: readonly [string, number]) => held.get(`${name} ${seq}`) !== digestOf(name, seq);
    // What was taken and not yet in the tables is moved there by the restarted hub in its own time.
    for (const deadline = Date.now() + catchUpMs; wanted.some(isMissing) && Date.now() < deadline; await delay(500)) {
      ({ held, rows } = await heldSamples(hub));
    }
    const devices = new Set((await hub.devices()).map(({ device }) => device));
    return {
      receipted: senders.reduce((sum, sender) => sum + sender.receipted, 0),
      taken: senders.reduce((sum, sender) => sum + sender.taken.size, 0),
      lost: wanted.filter(isMissing).length,
      duplicated: rows - held.size,
      decisions: added.length,
      decisionsLost: added.filter((device) => !devices.has(device)).length,
    };
  } finally {
    victim.process.kill("SIGKILL");
    await ended;
  }
}

async function heldSamples(hub: HubClient): Promise<{ held: ReadonlyMap<string, string>; rows: number }> {
  const held = new Map<string, string>();
  let rows = 0;
  for await (const { device, at, blob } of hub.allSamples({ source: "device" })) {
    rows += 1;
    held.set(`${device} ${at - firstAt}`, blob);
  }
  return { held, rows };
}

function digestOf(device: string, seq: number): string {
  return `sha256:${createHash("sha256").update(imageOf(device, seq)).digest("hex")}`;
}
