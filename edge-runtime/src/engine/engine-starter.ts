import type { EngineChoice } from "@fieldloop/devices";
import type { Engine, EngineExit } from "./engine.ts";
import { startEngineHost } from "./engine-host.ts";
import { startRemoteEngine } from "./remote/remote-engine.ts";

/**
 * Starts the engine that a profile names.
 * planCache: the folder that keeps plans built on this device · onExit: told when the engine's own process ends
 * @throws {EdgeRuntimeError} `engine-unavailable`, `engine-crashed`, `load-timeout`, `server-unreachable`
 */
export function startChosenEngine(
  choice: EngineChoice,
  planCache: string,
  onExit: (exit: EngineExit) => void = () => undefined,
): Promise<Engine> {
  switch (choice.engine) {
    case "onnxruntime":
      return startEngineHost({ providers: choice.providers, threads: choice.threads, onExit });
    case "tflite":
      return startEngineHost({ engine: "tflite", onExit });
    case "remote": {
      const { address, deploy, build } = choice;
      return startRemoteEngine({ address, deploy, build: build && { ...build, cache: planCache } });
    }
  }
}

/** What people call an engine choice: the engine, and what sets it apart from another of its kind. */
export function engineTitle(choice: EngineChoice): string {
  if (choice.engine === "remote") return `remote ${choice.address}`;
  if (choice.engine === "tflite" || choice.providers.join() === "cpu") return choice.engine;
  return `${choice.engine} ${choice.providers.join("+")}`;
}
