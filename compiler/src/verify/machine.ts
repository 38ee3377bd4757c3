import { availableParallelism } from "node:os";
import type { Machine } from "@fieldloop/devices";
import { engineFingerprint } from "@fieldloop/edge-runtime/engine";
import type { Target } from "../targets/target.ts";

/** Describes the machine that measures: its processor's model, the cores this process may use, the engine and its threads. */
export function thisMachine(threads: number, runs: Target["engine"] = "onnxruntime"): Machine {
  const { engine, version, cpu, arch } = engineFingerprint();
  return {
    name: cpu === "" ? arch : cpu,
    cores: availableParallelism(),
    threads,
    engine: runs === engine ? `${engine} ${version}` : runs,
  };
}
