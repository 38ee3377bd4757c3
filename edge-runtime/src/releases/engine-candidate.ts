import { type EngineChoice, targetFamily } from "@fieldloop/devices";
import type { Engine, EngineExit, GraphSource } from "../engine/engine.ts";
import { engineTitle, startChosenEngine } from "../engine/engine-starter.ts";
import { EdgeRuntimeError } from "../errors.ts";

/** Starts the engine that one release runs in; tells when its process ends. */
export type StartEngine = (onExit: (exit: EngineExit) => void) => Promise<Engine>;

/** An engine that takes a target on this device. isServer: another program answers, which may change behind our back */
export interface OfferedEngine {
  readonly title: string;
  readonly isServer: boolean;
  readonly start: StartEngine;
}

/** The engines of this device that take a target, best first. */
export type EnginesFor = (target: string) => readonly OfferedEngine[];

/** One way to run a release here: a target's graphs in an engine. graphs: gives the verified bytes, again for each start */
export interface EngineCandidate extends OfferedEngine {
  readonly target: string;
  readonly graphs: () => Promise<readonly GraphSource[]>;
}

/** A way that was not taken, and why. */
export interface PassedOver {
  readonly engine: string;
  readonly target: string;
  readonly why: string;
}

/** The engines that a profile or `engines.json` names. planCache: the folder that keeps TensorRT plans */
export function enginesOf(choices: readonly EngineChoice[], planCache: string): EnginesFor {
  return (target) => {
    const family = targetFamily(target);
    return choices
      .filter(({ families }) => families.includes(family))
      .map((choice) => ({
        title: engineTitle(choice),
        isServer: choice.engine === "remote",
        start: (onExit) => startChosenEngine(choice, planCache, onExit),
      }));
  };
}

const absences = new Set(["engine-unavailable", "server-unreachable", "provider-absent", "build-failed"]);

/** Whether an error says that an engine is not there, rather than that a release does not run in it. */
export function isAbsence(error: unknown, { isServer }: Pick<OfferedEngine, "isServer">): boolean {
  if (!(error instanceof EdgeRuntimeError)) return false;
  return absences.has(error.code) || (isServer && error.code === "load-timeout");
}

/**
 * Says that a release has no engine here.
 * passedOver: empty where no engine of the device takes its targets
 */
export function noEngine(targets: readonly string[], passedOver: readonly PassedOver[]): EdgeRuntimeError {
  const why = passedOver.map((passed) => `${passed.target} in ${passed.engine}: ${passed.why}`).join(" ");
  return new EdgeRuntimeError(
    "engine-unavailable",
    passedOver.length === 0
      ? `No engine of this device takes ${targets.join(", ")}; see "fieldloop-edge doctor", or release a target out of its profile's.`
      : `No engine for this release is there: ${why}`,
  );
}
