import { createHash } from "node:crypto";
import { encodeMessage, type Lane, type Message, type RecordKind } from "@fieldloop/devices";
import type { Arrival } from "../inbox/arrival.ts";

/** One record of a tiny device: its kind and body. */
export type TinyRecord = {
  [Kind in RecordKind]: { readonly seq: number; readonly kind: Kind; readonly body: Message<Kind> };
}[RecordKind];

const release = `sha256:${"ab".repeat(32)}`;
const at = (seq: number) => 1_700_000_000_000 + seq * 1000;

/** A device as the hub sees it, for tests: it makes the messages that a real one would send. */
export class TinyDevice {
  readonly fleet: string;
  readonly device: string;
  readonly epoch: string;

  constructor(device = "reader-1", epoch = "00000000000000e1", fleet = "plant") {
    this.fleet = fleet;
    this.device = device;
    this.epoch = epoch;
  }

  /** The message that carries these records. */
  envelope(lane: Lane, records: readonly TinyRecord[]): Uint8Array {
    return encodeMessage("envelope", {
      v: 1,
      epoch: this.epoch,
      lane,
      // Kind and body belong together in each TinyRecord.
      records: records.map(({ seq, kind, body }) => ({
        seq,
        at: at(seq),
        kind,
        body: encodeMessage(kind, body as never),
      })),
    });
  }

  arrival(payload: Uint8Array, channel: Arrival["channel"] = "records"): Arrival {
    return { fleet: this.fleet, device: this.device, channel, receivedAt: 1_700_000_100_000, payload };
  }

  arrivalOf(lane: Lane, records: readonly TinyRecord[]): Arrival {
    return this.arrival(this.envelope(lane, records));
  }
}

/** A sample whose image and embedding depend on its number. */
export function tinySample(seq: number, extra: { track?: string; variant?: number } = {}): TinyRecord {
  const image = createHash("sha256")
    .update(`image ${seq} ${extra.variant ?? 0}`)
    .digest();
  const confidence = (seq % 100) / 100;
  return {
    seq,
    kind: "sample",
    body: {
      v: 1,
      release,
      frame: seq,
      at: at(seq),
      image: { encoding: "png", width: 32, height: 32, lossy: false, bytes: new Uint8Array(image) },
      reasons: [{ kind: "uncertainty", probability: 0.25, score: 0.5 }],
      inclusionProbability: 0.25,
      heads: { sign: { index: seq % 3, confidence, margin: confidence / 2 } },
      embedding: Float32Array.of(1, seq, 0),
      luma: 31.5,
      context: extra.track === undefined ? {} : { track: extra.track },
    },
  };
}

/** Thirty answered frames. */
export function tinyPredictions(seq: number): TinyRecord {
  const frames = Array.from({ length: 30 }, (_, index) => seq * 30 + index);
  const heads = { sign: { index: 1, confidence: 0.5, margin: 0.25 } };
  const items = frames.map((frame) => ({ frame, at: at(seq), heads, latencyUs: 900 }));
  return { seq, kind: "predictions", body: { v: 1, release, items } };
}

/** A gap of a lane. */
export function tinyGap(seq: number, lane: Lane, from: number, to: number): TinyRecord {
  return { seq, kind: "gap", body: { v: 1, lane, from, to, count: to - from + 1, reason: "quota" } };
}
