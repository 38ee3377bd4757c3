import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Release } from "@fieldloop/cloud-hub";
import { encodeMessage, generateKeyPair, ReleaseManifestSchema, signedFiles, signRelease } from "@fieldloop/devices";
import { Value } from "typebox/value";
import { unpackBundle } from "./bundle-folder.ts";
import { firstCamera } from "./cameras.ts";
import { policyOf } from "./steps/release.ts";
import type { Story } from "./story.ts";

/** A bad release on a stick: what is wrong with it, and the folder. */
export type BadRelease = { readonly what: string; readonly prepare: () => Promise<string> };

/** The five bad releases, each made just before it is offered, so that its desired state is newer than the device's. */
export function badReleases(
  story: Story,
  parts: { readonly version: string; readonly firstBundle: string; readonly runs: Release },
): readonly BadRelease[] {
  return [
    { what: "one flipped byte", prepare: () => flippedByte(story, parts.version, parts.runs) },
    { what: "signed with a wrong key", prepare: () => wrongKey(story, parts.version) },
    { what: "for another profile", prepare: () => otherProfile(story, parts.version) },
    {
      what: "failing its golden samples",
      prepare: async () => bundleOf(story, await failingGoldenRelease(story, parts.version), "golden"),
    },
    { what: "a replayed older desired state", prepare: async () => parts.firstBundle },
  ];
}

/** Asks for the other variant, so that its files are not on the device yet, and flips one bit in the largest of them. */
async function flippedByte(story: Story, version: string, runs: Release): Promise<string> {
  const { profile } = firstCamera;
  const isFloat = runs.profiles[profile]?.target === "ort-cpu-fp32";
  const budget = isFloat ? { maxSlowdown: 1e6, maxLoss: 1 } : { maxSlowdown: 1e-6 };
  const policy = policyOf(story.options.framesPerSecond);
  const { digest } = await story.client.createRelease({ version, policy, profiles: [profile], budget });
  const folder = await bundleOf(story, digest, "flipped");
  const path = await largestFile(join(folder, "blobs"));
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return folder;
}

/** A release of the hub whose manifest somebody else signed again. */
async function wrongKey(story: Story, version: string): Promise<string> {
  const policy = { ...policyOf(story.options.framesPerSecond), sketchWindowMs: 10_000 };
  const { digest, manifest } = await story.client.createRelease({ version, policy });
  const folder = await bundleOf(story, digest, "wrong-key");
  const signed = signRelease(Value.Parse(ReleaseManifestSchema, manifest), generateKeyPair().privateKey);
  for (const [name, bytes] of signedFiles("manifest", signed)) await writeFile(join(folder, name), bytes);
  return folder;
}

async function otherProfile(story: Story, version: string): Promise<string> {
  const release = await story.client.createRelease({
    version,
    policy: policyOf(story.options.framesPerSecond),
    profiles: ["jetson-orin-nano"],
  });
  return bundleOf(story, release.digest, "other-profile");
}

/** A release whose golden samples expect the next class: no honest model can pass them. */
export async function failingGoldenRelease(story: Story, version: string): Promise<string> {
  const { data, client, options } = story;
  const classes = data.classes.sign.length;
  const images = data.old.validation.slice(0, 16).flatMap(({ frames }) => frames.slice(-1));
  const golden = encodeMessage("golden", {
    v: 1,
    width: images[0]?.width ?? 32,
    height: images[0]?.height ?? 32,
    samples: images.map(({ pixels, sign }) => {
      const index = (sign + 1) % classes;
      const probabilities = Array.from({ length: classes }, (_, other) => (other === index ? 1 : 0));
      return { pixels, clear: true, expected: { sign: { index, probabilities } } };
    }),
  });
  const release = await client.createRelease({
    version,
    policy: policyOf(options.framesPerSecond),
    golden: Buffer.from(golden).toString("base64"),
  });
  return release.digest;
}

/** Signs a desired state for carrying by hand and unpacks the bundle. */
async function bundleOf(story: Story, release: string, name: string): Promise<string> {
  await story.client.setDesired({ device: firstCamera.name, release, force: true, carried: true });
  const folder = join(story.places.bundles, `${name}-${randomBytes(4).toString("hex")}`);
  await unpackBundle(await story.client.bundle(release, firstCamera.name), folder);
  return folder;
}

async function largestFile(folder: string): Promise<string> {
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      path: join(folder, name),
      bytes: (await stat(join(folder, name))).size,
    })),
  );
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0];
  if (largest === undefined) throw new TypeError(`the bundle in ${folder} holds no file`);
  return largest.path;
}
