import { processorEngines } from "./engine-choice.ts";
import type { Profile } from "./profile.ts";

/** Raspberry Pi 5: four Cortex-A76 cores with dot-product instructions. */
export const raspberryPi5: Profile = {
  name: "raspberry-pi-5",
  title: "Raspberry Pi 5",
  processor: "arm64",
  accelerators: [],
  targets: ["ort-cpu-fp32"],
  engines: processorEngines,
  matches: ({ deviceTreeModel }) => deviceTreeModel.startsWith("Raspberry Pi 5"),
};
