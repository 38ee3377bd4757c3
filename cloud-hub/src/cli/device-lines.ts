import type { Device } from "../fleet/device.ts";
import type { Timeline } from "../fleet/device-timeline.ts";
import { brief, moment, table } from "./output.ts";

const entriesShown = 20;

/** The fleet as a table, and below it a sentence for each device that is not well or has something to say. */
export function deviceList(devices: readonly Device[]): readonly string[] {
  const rows = devices.map((each) => [
    each.device,
    presence(each),
    each.health.state,
    moment(each.lastSeen),
    waiting(each),
    temperature(each),
    each.group ?? "",
    each.simulated ? `${each.profile} (simulated)` : each.profile,
    brief(each.release),
    brief(each.desired?.release ?? null),
  ]);
  const header = [
    "device",
    "is",
    "health",
    "last seen (UTC)",
    "waiting",
    "temperature",
    "group",
    "profile",
    "runs",
    "shall run",
  ];
  const sentences = devices.flatMap((each) => sentencesOf(each).map((sentence) => `${each.device}: ${sentence}`));
  return [...table([header, ...rows]), ...(sentences.length === 0 ? [] : ["", ...sentences])];
}

/** One device in words. */
export function deviceLines(device: Device): readonly string[] {
  const { health, desired, notes, clockOffsetMs } = device;
  return [
    `Device ${device.device} (${device.profile}${device.simulated ? ", simulated" : ""}${device.group === null ? "" : `, group ${device.group}`})`,
    `is           ${presence(device)}, last seen ${moment(device.lastSeen)} UTC`,
    `health       ${health.state}: ${health.sentence}`,
    `runs         ${brief(device.release)}`,
    `shall run    ${desired === null ? "nothing yet" : `${brief(desired.release)} (desired state ${desired.number})`}`,
    `waiting      ${waiting(device)}`,
    `temperature  ${temperature(device)}`,
    `clock        ${clockOffsetMs === 0 ? "agrees with the hub's" : `${Math.round(clockOffsetMs / 1000)} s are added to its times`}`,
    ...notes
      .filter(({ sentence }) => !health.sentence.includes(sentence))
      .map(({ sentence }) => `note         ${sentence}`),
  ];
}

/** What happened to a device, newest first, and how its frames fared. */
export function timelineLines({ entries, counts, from, to }: Timeline): readonly string[] {
  const frames = counts.reduce((sum, bucket) => sum + bucket.frames, 0);
  const unanswered = new Map<string, number>();
  for (const { drops, errors } of counts)
    for (const [reason, count] of [...Object.entries(drops), ...Object.entries(errors)])
      unanswered.set(reason, (unanswered.get(reason) ?? 0) + count);
  const why = [...unanswered].toSorted((a, b) => b[1] - a[1]).map(([reason, count]) => `${reason} ${count}`);
  return [
    `From ${moment(from)} to ${moment(to)} UTC: ${frames} frames answered${why.length === 0 ? "" : `; not: ${why.join(", ")}`}.`,
    ...entries.slice(0, entriesShown).map(({ at, sentence }) => `${moment(at)}  ${sentence}`),
    ...(entries.length > entriesShown ? [`… and ${entries.length - entriesShown} more; --json has them.`] : []),
  ];
}

function sentencesOf({ enrolled, health, notes }: Device): readonly string[] {
  const isWell = health.state === "healthy" || !enrolled;
  const others = notes
    .map(({ sentence }) => sentence)
    .filter((sentence) => isWell || !health.sentence.includes(sentence));
  return isWell ? others : [health.sentence, ...others];
}

const presence = ({ enrolled, connected }: Device): string =>
  !enrolled ? "not enrolled" : connected ? "connected" : "away";
const temperature = ({ temperatureC }: Device): string =>
  temperatureC === null ? "not told" : `${temperatureC.toFixed(1)} °C`;

function waiting({ waiting: held }: Device): string {
  if (held === null) return "not told";
  return held.records === 0 ? "nothing" : `${held.records} (${sizeText(held.bytes)})`;
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
