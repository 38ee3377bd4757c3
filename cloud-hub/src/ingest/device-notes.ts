/** A sentence about a device for its timeline. at: ms since 1970 by the hub */
export type DeviceNote = {
  readonly fleet: string;
  readonly device: string;
  readonly at: number;
  readonly kind: "clock" | "window" | "release" | "twin";
  readonly sentence: string;
};

/** What the hub has to say of what devices send. */
export const noteText = {
  clockAgrees: "Its clock agrees with the hub's again.",
  future:
    "Sent sketches of a time that has not come yet, by its own clock too; they are kept apart and count for nothing. Look at what gives its frames their times.",
  early:
    "Sent sketches of a time before it was added; they are kept apart and count for nothing. Look at what gives its frames their times, and whether its disk was another device's.",
  unassigned: (release: string): string =>
    `Says that it runs release ${release.replace("sha256:", "").slice(0, 12)}, which this hub never gave it; its sketches under that name are kept apart and say nothing about the release.`,
  twin: "Two processes speak with its one credential by turns; stop one of them, or enrol that machine as a device of its own.",
} as const;
