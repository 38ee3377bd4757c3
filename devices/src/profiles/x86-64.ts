import { processorEngines } from "./engine-choice.ts";
import type { Profile } from "./profile.ts";

/** Any 64-bit PC or industrial box; 8-bit weights are right only where the processor has VNNI, so it gets 7-bit ones. */
export const x8664: Profile = {
  name: "x86-64",
  title: "x86-64 machine",
  processor: "x86-64",
  accelerators: [],
  targets: ["ort-cpu-x86", "ort-cpu-fp32"],
  engines: processorEngines,
  matches: ({ arch }) => arch === "x64",
};
