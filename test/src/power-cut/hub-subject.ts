import { createHash } from "node:crypto";
import * as nodeFs from "node:fs/promises";
import { type DecisionAppliers, type HubStore, openHubStore } from "@fieldloop/cloud-hub/store";
import { encodeMessage } from "@fieldloop/devices";
import type { JournalFs } from "@fieldloop/edge-runtime/journal";

export const fleet = "plant";
/** When the sample before the first one was taken; sample n follows n ms later. */
export const firstAt = 1_700_000_000_000;
const release = `sha256:${"ab".repeat(32)}`;

const appliers: DecisionAppliers = {
  device: async (session, { at, payload }) => {
    const { device } = payload as { device: string }; // decided below
    await session.query("insert into devices (fleet, device, profile, created_at) values ($1, $2, 'x86-64', $3)", [
      fleet,
      device,
      at,
    ]);
  },
};

/** Opens the hub's inbox, tables and blobs. noSync: its inbox asks no disk for anything, as the negative control */
export function openHubSubject(dir: string, { noSync = false, onError = console.error } = {}): Promise<HubStore> {
  return openHubStore({
    dataDir: dir,
    appliers,
    onError,
    segmentBytes: 256 * 1024,
    ...(noSync ? { fs: unsyncedFs } : {}),
  });
}

/** The sample of a number: its image is made of the number, so that anyone can say what it must be. */
export function imageOf(device: string, seq: number): Uint8Array {
  const head = createHash("sha256").update(`${device}/${seq}`).digest();
  return new Uint8Array(Buffer.alloc(200 + (head.readUInt16LE(0) % 3000), head));
}

/** The first 16 hex digits of an image's digest. */
export const digestOf = (image: Uint8Array): string => createHash("sha256").update(image).digest("hex").slice(0, 16);

/** The message that carries samples `first` to `last` of a device. */
export function envelopeOf(device: string, epoch: string, first: number, last: number): Uint8Array {
  const seqs = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const records = seqs.map((seq) => ({
    seq,
    at: firstAt + seq,
    kind: "sample" as const,
    body: bodyOf(device, seq),
  }));
  return encodeMessage("envelope", { v: 1, epoch, lane: "samples", records });
}

function bodyOf(device: string, seq: number): Uint8Array {
  return encodeMessage("sample", {
    v: 1,
    release,
    frame: seq,
    at: firstAt + seq,
    image: { encoding: "png", width: 32, height: 32, lossy: false, bytes: imageOf(device, seq) },
    reasons: [{ kind: "uncertainty", probability: 0.5 }],
    inclusionProbability: 0.5,
    heads: { sign: { index: 1, confidence: 0.5, margin: 0.25 } },
    embedding: Float32Array.of(1, seq),
    luma: 30,
    context: {},
  });
}

const unsyncedFs: JournalFs = {
  open: async (path, flags) => {
    const file = await nodeFs.open(path, flags, 0o600);
    return new Proxy(file, {
      get: (target, name) => {
        if (name === "sync" || name === "datasync") return async () => undefined;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  },
  rename: nodeFs.rename,
  unlink: nodeFs.unlink,
  mkdir: (path, options) => nodeFs.mkdir(path, options),
  readdir: (path) => nodeFs.readdir(path),
  statfs: (path) => nodeFs.statfs(path),
};
