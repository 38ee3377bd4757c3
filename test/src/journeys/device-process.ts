import type { HubClient } from "@fieldloop/cloud-hub";
import { type Command, runCommand, startCommand } from "./command.ts";

/** Adds a device to the hub and enrols a data folder with the code by the command that a user has. */
export async function enrolDevice(client: HubClient, device: string, dataDir: string): Promise<void> {
  const { code } = await client.addDevice({ device, profile: "x86-64", simulated: true });
  const args = ["enrol", code, "--data", dataDir, "--profile", "x86-64", "--simulated"];
  const { code: exitCode, err } = await runCommand("fieldloop-edge", args);
  if (exitCode !== 0) throw new Error(`Enrolling ${device} failed: ${err}`);
}

/** Starts `fieldloop-edge run` and feeds it images in turn for as long as it lives. everyMs: between two images */
export function startDevice(dataDir: string, images: readonly Uint8Array[], everyMs: number): Command {
  const command = startCommand("fieldloop-edge", ["run", "--source", "-", "--json", "--data", dataDir]);
  let count = 0;
  const feed = setInterval(() => {
    if (command.child.stdin.writableLength > 1_000_000) return;
    command.child.stdin.write(framed(images[count % images.length]!));
    count += 1;
  }, everyMs);
  command.child.once("exit", () => clearInterval(feed));
  return command;
}

/** Waits until `isTrue`, which it asks again and again. @throws {Error} with `what` after `limitMs` */
export async function until(what: string, isTrue: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
  for (const end = Date.now() + limitMs; !(await isTrue()); ) {
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function framed(image: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(image.byteLength);
  return Buffer.concat([length, image]);
}
