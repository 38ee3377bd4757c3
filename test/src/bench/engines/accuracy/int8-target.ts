import { readFileSync } from "node:fs";
import { suitsMachine, targets } from "@fieldloop/compiler";

/** The best integer target of onnxruntime for this machine, or why there is none. */
export function integerTargetHere(): { readonly name: string } | { readonly why: string } {
  const facts = { arch: process.arch, deviceTreeModel: "", cpuinfo: cpuinfo() };
  const found = targets.find(
    (target) => target.engine === "onnxruntime" && target.format.kind === "int8" && suitsMachine(target, facts),
  );
  return found ?? { why: `no integer target of onnxruntime suits ${process.arch}` };
}

function cpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}
