import type { MachineFacts } from "@fieldloop/devices";
import { CompilerError } from "../errors.ts";
import { ortCpuFp32 } from "./ort-cpu-fp32.ts";
import { ortCpuX86 } from "./ort-cpu-x86.ts";
import { ortCpuX86Vnni } from "./ort-cpu-x86-vnni.ts";
import type { Target } from "./target.ts";
import { tfliteFloat32 } from "./tflite-float32.ts";
import { tfliteInt8 } from "./tflite-int8.ts";

/** Every target, the most specific of each engine first. */
export const targets: readonly Target[] = [ortCpuX86Vnni, ortCpuX86, ortCpuFp32, tfliteInt8, tfliteFloat32];

/**
 * The target with this name.
 * @throws {CompilerError} `unknown-target`
 */
export function targetNamed(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const known = targets.map((target) => target.name).join(", ");
  throw new CompilerError("unknown-target", `Expected a target out of ${known}, found "${name}".`);
}

/** Whether a machine with these facts runs what a target's variants need at full speed and exactness. */
export function suitsMachine(target: Target, { arch, cpuinfo }: MachineFacts): boolean {
  if (target.processor === "x86-64" && arch !== "x64") return false;
  const features = new Set(
    cpuinfo
      .match(/^flags\s*:(.*)$/m)?.[1]
      ?.trim()
      .split(/\s+/) ?? [],
  );
  return target.anyOfFeatures.length === 0 || target.anyOfFeatures.some((feature) => features.has(feature));
}
