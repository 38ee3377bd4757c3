import type { KeyObject } from "node:crypto";
import {
  type BlobReference,
  type DesiredState,
  digestOf,
  type ReleaseManifest,
  type Signed,
  verifyDesiredState,
  verifyRelease,
} from "@fieldloop/devices";
import { compilePlan, type Plan } from "../pipeline/plan.ts";
import { ReleaseRefusal } from "./refusal.ts";

/** Who a device is to releases: what it pinned when it enrolled, and what kind of machine it is. */
export interface ReleaseReader {
  readonly hubKey: KeyObject;
  readonly fleet: string;
  readonly device: string;
  readonly profile: string;
}

/** One target of a release for this device: backbone first, then the heads in the order of the plan. */
interface ReleaseChoice {
  readonly target: string;
  readonly graphs: readonly { readonly name: string; readonly blob: BlobReference }[];
}

/** A release whose signature was checked, reduced to what this device takes of it. */
export interface ReleaseParts {
  readonly digest: string;
  readonly manifest: ReleaseManifest;
  readonly plan: Plan;
  /** What this device may run of it, best first. */
  readonly choices: readonly ReleaseChoice[];
  readonly golden: BlobReference;
  /** Everything to fetch. */
  readonly blobs: readonly BlobReference[];
}

/**
 * Checks who signed a desired state and whom it addresses.
 * @throws {ReleaseRefusal} `bad-signature`, `incomplete`, `wrong-device`
 */
export function readDesiredState(signed: Signed, reader: ReleaseReader): DesiredState {
  const verified = verifyDesiredState(signed, reader.hubKey);
  if (!verified.ok) throw unverified("desired state", verified.why);
  const { fleet, device } = verified.value;
  if (fleet !== reader.fleet || device !== reader.device) {
    throw new ReleaseRefusal(
      "wrong-device",
      `Expected a desired state for ${reader.fleet}/${reader.device}, got one for ${fleet}/${device}; offer it to that device.`,
    );
  }
  return verified.value;
}

/**
 * Checks that a manifest is the one asked for, signed by the hub, and fit for this device, and picks the variants.
 * @throws {ReleaseRefusal} `digest-mismatch`, `bad-signature`, `wrong-device`, `wrong-profile`, `incomplete`, `too-large`
 */
export function readRelease(signed: Signed, digest: string, reader: ReleaseReader, maxBytes: number): ReleaseParts {
  const got = digestOf(signed.payload);
  if (got !== digest) {
    throw new ReleaseRefusal(
      "digest-mismatch",
      `Expected the manifest with digest ${digest}, got ${got}; it was changed on the way.`,
    );
  }
  const verified = verifyRelease(signed, reader.hubKey);
  if (!verified.ok) throw unverified("release manifest", verified.why);
  const manifest = verified.value;
  if (manifest.fleet !== reader.fleet) {
    throw new ReleaseRefusal(
      "wrong-device",
      `Expected a release of fleet ${reader.fleet}, got one of ${manifest.fleet}; offer it there.`,
    );
  }
  const targets = targetsOf(manifest, reader.profile);
  const plan = planOf(digest, manifest);
  const names = [plan.backbone, ...plan.heads.map((head) => head.name)];
  const choices = targets.map((target) => ({ target, graphs: names.map((name) => variantOf(manifest, name, target)) }));
  const golden = manifest.golden.blob;
  const blobs = distinct([...choices.flatMap(({ graphs }) => graphs.map(({ blob }) => blob)), golden]);
  requireSize(blobs, maxBytes);
  return { digest, manifest, plan, choices, golden, blobs };
}

/** Fallbacks are fetched too: they are for the hour in which a server is gone, and perhaps the network with it. */
function targetsOf(manifest: ReleaseManifest, profile: string): readonly string[] {
  const fit = Object.hasOwn(manifest.profiles, profile) ? manifest.profiles[profile] : undefined;
  if (fit) return [...new Set([fit.target, ...(fit.fallbacks ?? [])])];
  const known = Object.keys(manifest.profiles).join(", ") || "none";
  throw new ReleaseRefusal(
    "wrong-profile",
    `Expected a release for profile ${profile}, this one is for ${known}; release the version for this profile too.`,
  );
}

/** Targets share files, the heads most of all. */
function distinct(blobs: readonly BlobReference[]): readonly BlobReference[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

function planOf(digest: string, manifest: ReleaseManifest): Plan {
  try {
    return compilePlan(digest, manifest);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ReleaseRefusal("incomplete", why, { cause });
  }
}

function variantOf(manifest: ReleaseManifest, name: string, target: string) {
  const variants = manifest.components.find((component) => component.name === name)?.variants ?? {};
  const blob = Object.hasOwn(variants, target) ? variants[target] : undefined;
  if (blob) return { name, blob };
  const known = Object.keys(variants).join(", ") || "none";
  throw new ReleaseRefusal(
    "incomplete",
    `Expected component ${name} to have a variant for target ${target}, it has ${known}; compile it and release again.`,
  );
}

function requireSize(blobs: readonly BlobReference[], maxBytes: number): void {
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  if (bytes > maxBytes) {
    throw new ReleaseRefusal(
      "too-large",
      `Expected a release of at most ${maxBytes} bytes for this device, this one has ${bytes}.`,
    );
  }
}

function unverified(what: string, why: "bad-signature" | "malformed"): ReleaseRefusal {
  return why === "bad-signature"
    ? new ReleaseRefusal(
        "bad-signature",
        `Expected a ${what} signed by the hub that this device enrolled with, the signature is not that hub's; nothing of it is used.`,
      )
    : new ReleaseRefusal(
        "incomplete",
        `Expected a ${what} that this runtime can read, it is signed but malformed or newer; update the runtime.`,
      );
}
