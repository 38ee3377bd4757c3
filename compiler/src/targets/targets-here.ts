import { readFileSync } from "node:fs";
import type { Target } from "./target.ts";
import { suitsMachine, targets } from "./target-list.ts";

/** The targets of an engine that suit the machine this runs on, the most specific first. */
export function targetsHere(engine: Target["engine"]): readonly Target[] {
  const facts = { arch: process.arch, cpuinfo: cpuinfo(), deviceTreeModel: "" };
  return targets.filter((target) => target.engine === engine && suitsMachine(target, facts));
}

function cpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return ""; // another system than Linux: no feature is known to be there
  }
}
