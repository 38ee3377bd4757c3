import { DevicesError } from "../errors.ts";
import { jetsonOrinNano } from "./jetson-orin-nano.ts";
import type { MachineFacts, Profile } from "./profile.ts";
import { raspberryPi5 } from "./raspberry-pi-5.ts";
import { x8664 } from "./x86-64.ts";

/** Every profile, the most specific first: detection takes the first that matches. */
export const profiles: readonly Profile[] = [jetsonOrinNano, raspberryPi5, x8664];

/** The profile of a machine, or `undefined` where none matches. */
export function detectProfile(facts: MachineFacts): Profile | undefined {
  return profiles.find((profile) => profile.matches(facts));
}

/**
 * The profile with this name.
 * @throws {DevicesError} `unknown-profile`
 */
export function profileNamed(name: string): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const known = profiles.map((profile) => profile.name).join(", ");
  throw new DevicesError("unknown-profile", `Expected a profile out of ${known}, got ${JSON.stringify(name)}.`);
}
