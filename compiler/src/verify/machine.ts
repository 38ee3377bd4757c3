import { availableParallelism } from "node:os";
import type { Machine } from "@fieldloop/devices";
import { engineFingerprint } from "@fieldloop/edge-runtime/engine";

/** Describes the machine that measures: its processor's model, the cores this process may use, the engine and its threads. */
export function thisMachine(threads: number): Machine {
  const { engine, version, cpu, arch } = engineFingerprint();
  return {
    name: cpu === "" ? arch : cpu,
    cores: availableParallelism(),
    threads,
    engine: `${engine} ${version}`,
  };
}
