import { decodeMessage, type ReleaseManifest, signedFiles } from "@fieldloop/devices";
import { pack } from "tar-stream";
import { HubError } from "../errors.ts";
import { signedDesiredState } from "../fleet/desired-state.ts";
import type { Hub } from "../hub-parts.ts";
import { getRelease, signedManifest } from "./release.ts";

/**
 * A release and a device's current desired state as a tar, for a folder on a stick: `manifest.json`, `manifest.sig.json`,
 * `desired.json`, `desired.sig.json`, `blobs/<sha256 hex>`.
 * @throws {HubError} `not-found` when the device was never told to run anything
 */
export async function exportBundle(hub: Hub, digest: string, device: string): Promise<Uint8Array> {
  const { manifest } = await getRelease(hub, digest);
  const desired = await signedDesiredState(hub, device);
  if (desired === undefined) {
    throw new HubError(
      "not-found",
      `Expected a desired state of device ${device} for the bundle, found none; assign the release to it first.`,
    );
  }
  const files = new Map<string, Uint8Array>([
    ...signedFiles("manifest", decodeMessage("signed", await signedManifest(hub, digest))),
    ...signedFiles("desired", decodeMessage("signed", desired)),
  ]);
  for (const blob of blobsOf(manifest)) files.set(`blobs/${blob.slice("sha256:".length)}`, await hub.readBlob(blob));
  return toTar(files);
}

function blobsOf(manifest: ReleaseManifest): Set<string> {
  const variants = manifest.components.flatMap((component) => Object.values(component.variants));
  return new Set([manifest.golden.blob.digest, ...variants.map(({ digest }) => digest)]);
}

async function toTar(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, bytes] of files) archive.entry({ name, mode: 0o644, mtime: new Date(0) }, Buffer.from(bytes));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
