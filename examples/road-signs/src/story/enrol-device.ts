import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Camera } from "./cameras.ts";

const command = fileURLToPath(new URL("../../../../edge-runtime/bin/fieldloop-edge.mjs", import.meta.url));

/** Enrols a camera's folder by its one-time code, as a user does on the device: `fieldloop-edge enrol CODE`. */
export async function enrolDevice(code: string, dataDir: string, { profile, simulated }: Camera): Promise<void> {
  const declared = ["--profile", profile, ...(simulated ? ["--simulated"] : [])];
  await promisify(execFile)(process.execPath, [command, "enrol", code, "--data", dataDir, ...declared]);
}
