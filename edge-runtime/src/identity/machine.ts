import { readFileSync } from "node:fs";
import { availableParallelism, hostname, totalmem } from "node:os";
import { detectProfile, profileNamed, profiles } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";

/**
 * The profile of this machine: the named one, or what its own files say.
 * @throws {DevicesError} `unknown-profile` for a name that is none
 * @throws {EdgeRuntimeError} `unknown-machine` when no profile matches
 */
export function machineProfile(name?: string): string {
  if (name !== undefined) return profileNamed(name).name;
  const deviceTreeModel = textOf("/proc/device-tree/model").replace(/\0+$/, "");
  const found = detectProfile({ arch: process.arch, cpuinfo: textOf("/proc/cpuinfo"), deviceTreeModel });
  if (found !== undefined) return found.name;
  const known = profiles.map((profile) => profile.name).join(", ");
  throw new EdgeRuntimeError(
    "unknown-machine",
    `Expected a machine out of ${known}, found ${process.arch} "${deviceTreeModel}"; name the nearest with --profile.`,
  );
}

/** What a device tells of its machine when it enrols. */
export function machineInventory(name = hostname()) {
  return {
    name,
    arch: process.arch,
    platform: process.platform,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
