import { processorEngines } from "./engine-choice.ts";
import type { Profile } from "./profile.ts";

/**
 * NVIDIA Jetson Orin Nano: six Cortex-A78AE cores and an Ampere GPU, which onnxruntime-node cannot reach: a v2 server such
 * as Triton's container for Jetson does, with plans that `trtexec` builds here.
 */
export const jetsonOrinNano: Profile = {
  name: "jetson-orin-nano",
  title: "NVIDIA Jetson Orin Nano",
  processor: "arm64",
  accelerators: ["cuda"],
  targets: ["ort-cpu-fp32"],
  engines: [
    {
      engine: "remote",
      families: ["tensorrt"],
      address: "http://127.0.0.1:8000",
      deploy: { kind: "files", folder: "/var/lib/fieldloop/models" },
      build: {
        command: [
          "/usr/src/tensorrt/bin/trtexec",
          "--onnx={onnx}",
          "--saveEngine={plan}",
          "--int8",
          "--fp16",
          "--skipInference",
        ],
        version: ["/usr/src/tensorrt/bin/trtexec", "--help"],
      },
    },
    ...processorEngines,
  ],
  matches: ({ deviceTreeModel }) => /Jetson Orin Nano/.test(deviceTreeModel),
};
