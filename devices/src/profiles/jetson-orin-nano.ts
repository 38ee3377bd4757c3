import type { Profile } from "./profile.ts";

/** NVIDIA Jetson Orin Nano: six Cortex-A78AE cores and an Ampere GPU, which onnxruntime-node cannot reach. */
export const jetsonOrinNano: Profile = {
  name: "jetson-orin-nano",
  title: "NVIDIA Jetson Orin Nano",
  processor: "arm64",
  accelerators: ["cuda"],
  targets: ["ort-cpu-fp32"],
  matches: ({ deviceTreeModel }) => /Jetson Orin Nano/.test(deviceTreeModel),
};
