import { targetsHere } from "@fieldloop/compiler";

/** The best integer target of onnxruntime for this machine, or why there is none. */
export function integerTargetHere(): { readonly name: string } | { readonly why: string } {
  const found = targetsHere("onnxruntime").find(({ format }) => format.kind === "int8");
  return found ?? { why: `no integer target of onnxruntime suits ${process.arch}` };
}
