import type { EngineChoice } from "./engine-choice.ts";

/** The kind of machine a device is, and which targets suit it, best first. */
export type Profile = {
  readonly name: string;
  readonly title: string;
  readonly processor: "x86-64" | "arm64";
  readonly accelerators: readonly string[];
  /** Targets in order of preference; a release picks the first that it has and whose fit card allows it. */
  readonly targets: readonly string[];
  /** Engines in order of preference; a target runs in the first that takes its family and is there. */
  readonly engines: readonly EngineChoice[];
  /** Says whether a machine with these facts is of this kind. */
  readonly matches: (facts: MachineFacts) => boolean;
};

/** What a machine's own files say of it: `/proc/cpuinfo`, `/proc/device-tree/model`, and Node's `process.arch`. */
export type MachineFacts = { readonly arch: string; readonly cpuinfo: string; readonly deviceTreeModel: string };
