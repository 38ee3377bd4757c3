import { keyedShare } from "@fieldloop/edge-runtime";
import { HubError } from "../errors.ts";
import type { WaveShare } from "./rollout.ts";

/** A device that can be asked. isAway: not heard of lately, so that it is asked late in its turn */
export type Candidate = { readonly device: string; readonly profile: string; readonly isAway?: boolean };

/** A wave before it begins: its share as it was asked for, and its devices in the order in which they are asked. */
export type PlannedWave = { readonly share: string; readonly devices: readonly string[] };

/**
 * Splits a group into waves. The order depends on `key` and the devices' names alone, so that canaries are not always the same;
 * every prefix of it covers the profiles as evenly as can be, and within a profile devices that are away come last.
 * @throws {HubError} `bad-waves` when the shares do not reach exactly the whole group
 */
export function planWaves(
  devices: readonly Candidate[],
  shares: readonly WaveShare[] | undefined,
  key: string,
): readonly PlannedWave[] {
  const order = askingOrder(devices, key);
  const wanted = shares ?? defaultShares(devices);
  const ends = wavesEnds(wanted, order.length);
  return wanted
    .map((share, index) => ({ share: String(share), devices: order.slice(ends[index - 1] ?? 0, ends[index]) }))
    .filter(({ devices: members }) => members.length > 0);
}

/** A canary per profile (at most a third of the group), a quarter of the group where it is large, then all. */
export function defaultShares(devices: readonly Candidate[]): readonly WaveShare[] {
  const profiles = new Set(devices.map(({ profile }) => profile)).size;
  const canaries = Math.max(1, Math.min(profiles, Math.floor(devices.length / 3)));
  if (devices.length === canaries) return ["100%"];
  return devices.length > 20 ? [canaries, "25%", "100%"] : [canaries, "100%"];
}

function askingOrder(devices: readonly Candidate[], key: string): readonly string[] {
  const salt = new TextEncoder().encode(key);
  const shareOf = (name: string) => keyedShare(salt, name);
  const strata = Map.groupBy(devices, ({ profile }) => profile);
  const placed = [...strata].flatMap(([profile, members]) => {
    const ranked = members
      .map(({ device, isAway = false }) => ({ device, isAway, share: shareOf(device) }))
      .sort((a, b) => Number(a.isAway) - Number(b.isAway) || a.share - b.share || compare(a.device, b.device));
    return ranked.map(({ device, share, isAway }, index) => {
      const isCanary = index === 0 && !isAway;
      return { device, share, place: isCanary ? -members.length : (index + 0.5) / members.length, profile };
    });
  });
  return placed
    .sort((a, b) => a.place - b.place || a.share - b.share || compare(a.device, b.device))
    .map(({ device }) => device);
}

/** How many devices have been asked when each wave is open. */
function wavesEnds(shares: readonly WaveShare[], devices: number): readonly number[] {
  const ends: number[] = [];
  let percentBefore = 0;
  for (const [index, share] of shares.entries()) {
    const before = ends.at(-1) ?? 0;
    if (typeof share === "number") {
      ends.push(before + share);
      continue;
    }
    const percent = Number(share.slice(0, -1));
    if (percent <= percentBefore || percent > 100) {
      throw badWaves(
        `wave ${index + 1} asks up to ${share} of the group where ${percentBefore > 0 ? `${percentBefore}% were asked before` : "0% are none"}`,
      );
    }
    percentBefore = percent;
    ends.push(Math.max(before, Math.ceil((percent * devices) / 100 - 1e-9)));
  }
  const reached = ends.at(-1) ?? 0;
  if (reached !== devices) throw badWaves(`${shares.join(", ")} reach ${reached} of ${devices} devices`);
  return ends;
}

function badWaves(what: string): HubError {
  return new HubError(
    "bad-waves",
    `Expected waves that reach every device of the group once, but ${what}; a number asks that many more devices, "N%" goes up to that part of the group, and the last wave is "100%" or the rest.`,
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
