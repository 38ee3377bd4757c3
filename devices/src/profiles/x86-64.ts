import type { Profile } from "./profile.ts";

/** Any 64-bit PC or industrial box. */
export const x8664: Profile = {
  name: "x86-64",
  title: "x86-64 machine",
  processor: "x86-64",
  accelerators: [],
  targets: ["ort-cpu-x86-vnni", "ort-cpu-x86", "ort-cpu-fp32"],
  matches: ({ arch }) => arch === "x64",
};
