import { readFileSync } from "node:fs";
import { env } from "onnxruntime-node";

/** What decides whether two machines compute a quantized graph alike. */
export interface EngineFingerprint {
  readonly engine: "onnxruntime";
  readonly version: string;
  readonly arch: string;
  readonly cpu: string;
  /** Instruction sets that change integer kernels, sorted. */
  readonly cpuFeatures: readonly string[];
}

const telling = /^(avx2?|avx512\w*|avx_vnni\w*|amx_\w+|fma|asimd|asimddp|i8mm|sve2?|bf16|asimdhp|fphp)$/;

/** Describes this machine's engine; cpuInfo: the text of /proc/cpuinfo, read where it is not given. */
export function engineFingerprint(cpuInfo: string = readCpuInfo()): EngineFingerprint {
  const field = (name: RegExp) => name.exec(cpuInfo)?.[1]?.trim() ?? "";
  const flags = field(/^(?:flags|Features)\s*:(.*)$/m).split(/\s+/);
  return {
    engine: "onnxruntime",
    version: env.versions.node ?? env.versions.common,
    arch: process.arch,
    cpu: field(/^(?:model name|Model)\s*:(.*)$/m),
    cpuFeatures: [...new Set(flags.filter((flag) => telling.test(flag)))].sort(),
  };
}

function readCpuInfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "latin1");
  } catch {
    return "";
  }
}
