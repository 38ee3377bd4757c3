import { DevicesError } from "./errors.ts";
import { isIdentifier, requireIdentifier } from "./identifiers.ts";

/** What a device publishes: journal records, and its inventory when it connects. */
export type UplinkChannel = "records" | "hello";
/** What the hub publishes to one device. */
export type DownlinkChannel = "receipt" | "desired" | "command";
/** A topic taken apart; `direction` and `channel` belong together. */
export type Topic = { readonly fleet: string; readonly device: string } & (
  | { readonly direction: "up"; readonly channel: UplinkChannel }
  | { readonly direction: "down"; readonly channel: DownlinkChannel }
);

const channels = { up: ["records", "hello"], down: ["receipt", "desired", "command"] } as const;

/** The topic on which a device publishes: `fieldloop/{fleet}/{device}/up/{channel}`. */
export function uplinkTopic(fleet: string, device: string, channel: UplinkChannel): string {
  return `fieldloop/${requireIdentifier("fleet", fleet)}/${requireIdentifier("device", device)}/up/${channel}`;
}

/** The topic on which the hub speaks to a device: `fieldloop/{fleet}/{device}/down/{channel}`. */
export function downlinkTopic(fleet: string, device: string, channel: DownlinkChannel): string {
  return `fieldloop/${requireIdentifier("fleet", fleet)}/${requireIdentifier("device", device)}/down/${channel}`;
}

/**
 * Takes a topic apart.
 * @throws {DevicesError} `bad-topic` for anything but one of the five topics of a device
 */
export function parseTopic(topic: string): Topic {
  const [root, fleet, device, direction, channel, ...rest] = topic.split("/");
  if (
    root === "fieldloop" &&
    isIdentifier(fleet) &&
    isIdentifier(device) &&
    rest.length === 0 &&
    (direction === "up" || direction === "down") &&
    (channels[direction] as readonly (string | undefined)[]).includes(channel)
  ) {
    return { fleet, device, direction, channel } as Topic; // the pair was checked against the table above
  }
  throw new DevicesError(
    "bad-topic",
    `Expected a topic fieldloop/{fleet}/{device}/{up|down}/{channel}, got ${JSON.stringify(topic.slice(0, 120))}; use uplinkTopic or downlinkTopic.`,
  );
}
