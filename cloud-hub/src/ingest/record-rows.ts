import { createHash } from "node:crypto";
import type { Answers, PredictionsBody, SampleBody, SamplingPolicy, SketchBody } from "@fieldloop/devices";
import { vectorText } from "../storage/vector-text.ts";
import type { AuditIntake } from "./audit-intake.ts";
import type { DeviceFacts } from "./device-facts.ts";
import type { ParsedRecord, RecordContent } from "./parsed-arrival.ts";
import type { ReleaseHeads } from "./release-heads.ts";
import { sketchSums } from "./sketch-facts.ts";
import { byteaText, type TableRow } from "./table-rows.ts";

const largestInt4 = 2 ** 31 - 1;

/** Where a record came from, and when the hub had it. */
export interface RecordOrigin {
  readonly fleet: string;
  readonly device: string;
  readonly epoch: string;
  readonly lane: string;
  readonly receivedAt: number;
}

/** The id of a device's sample: `s_` and 20 hex digits over the name of its record. */
export function sampleId(
  { device, epoch, lane }: Pick<RecordOrigin, "device" | "epoch" | "lane">,
  seq: number,
): string {
  const name = `${device}|${epoch}|${lane}|${seq}`;
  return `s_${createHash("sha256").update(name).digest("hex").slice(0, 20)}`;
}

/**
 * In whose light records are read. heads: what the releases named in them call their classes · policies: how they audit ·
 * facts: what is known of the devices · audit: of their audit lanes
 */
export type Light = {
  readonly heads: ReadonlyMap<string, ReleaseHeads>;
  readonly policies: ReadonlyMap<string, SamplingPolicy["audit"]>;
  readonly facts: DeviceFacts;
  readonly audit: AuditIntake;
};

/** The rows that one good record becomes. */
export function rowsOf(
  origin: RecordOrigin,
  record: ParsedRecord & { readonly content: RecordContent },
  light: Light,
): readonly TableRow[] {
  const { heads, facts } = light;
  const { fleet, device, epoch, lane, receivedAt } = origin;
  const key = { fleet, device, epoch, lane, seq: record.seq };
  const times = { at: record.at, received_at: receivedAt };
  const { content } = record;
  switch (content.kind) {
    case "sample":
      return [{ table: "samples", row: { ...key, ...times, ...sampleRow(origin, record.seq, content.body, light) } }];
    case "predictions":
      return predictionRows(content.body, heads).map((row) => ({ table: "predictions", row: { ...key, ...row } }));
    case "sketch": {
      const sums = sketchSums(content.body, heads.get(content.body.release));
      const row = { ...key, ...times, ...sketchRow(content.body), ...sums, ...facts.takeSketch(origin, content.body) };
      return [{ table: "sketches", row: { ...row, body: byteaText(record.bytes) } }];
    }
    case "outcome": {
      const { prediction, outcome, value, at } = content.body;
      const [predictionEpoch, frame] = prediction.split("-");
      const named = { prediction, prediction_epoch: predictionEpoch, prediction_frame: Number(frame) };
      const row = { ...key, ...times, at, hub_at: facts.hubTime(origin, at), ...named, outcome, value };
      return [{ table: "outcomes", row }];
    }
    case "gap": {
      const { lane: gapLane, from, to, count, reason } = content.body;
      const row = { ...key, ...times, gap_lane: gapLane, from_seq: from, to_seq: to, count, reason };
      return [{ table: "gaps", row: { ...row, hub_at: facts.hubTime(origin, record.at) } }];
    }
    default: {
      const row = { ...key, ...times, kind: content.kind, body: content.body };
      return [{ table: "device_events", row: { ...row, hub_at: facts.hubTime(origin, record.at) } }];
    }
  }
}

/** The releases that a record names. */
export function releasesOf({ content }: ParsedRecord): readonly string[] {
  const isNamed = content?.kind === "sample" || content?.kind === "predictions" || content?.kind === "sketch";
  return isNamed ? [content.body.release] : [];
}

function sampleRow(origin: RecordOrigin, seq: number, body: SampleBody, { heads, policies, audit }: Light) {
  const { track } = body.context;
  return {
    id: sampleId(origin, seq),
    source: "device",
    frame: body.frame,
    at: body.at,
    release: body.release,
    blob: `sha256:${createHash("sha256").update(body.image.bytes).digest("hex")}`,
    width: body.image.width,
    height: body.image.height,
    encoding: body.image.encoding,
    reasons: body.reasons,
    ...audit.columnsOf(origin, body, policies),
    predictions: body.heads,
    ...primaryAnswer(body.heads, heads.get(body.release)),
    luma: body.luma,
    embedding: body.embedding.length > 0 ? vectorText(body.embedding) : null,
    track: typeof track === "string" ? track : null,
    context: body.context,
  };
}

function predictionRows({ release, items }: PredictionsBody, heads: ReadonlyMap<string, ReleaseHeads>) {
  return items.map(({ frame, at, heads: answers, track, decision, latencyUs }) => {
    const { class: name, confidence } = primaryAnswer(answers, heads.get(release));
    return {
      frame,
      at,
      release,
      class: name,
      confidence,
      heads: answers,
      track,
      decision,
      latency_us: Math.min(latencyUs, largestInt4),
    };
  });
}

function sketchRow({ windowStart, windowMs, release, frames, errors, dropped }: SketchBody) {
  const drops = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { window_start: windowStart, window_ms: windowMs, release, frames, errors, dropped: drops };
}

/** What the primary head answered: by the release's order and class names, or the first head without a name. */
function primaryAnswer(answers: Answers, heads: ReleaseHeads | undefined) {
  const primary = heads?.find(({ name }) => answers[name] !== undefined);
  const answer = primary === undefined ? Object.values(answers)[0] : answers[primary.name];
  return {
    class: answer === undefined ? null : (primary?.classes[answer.index] ?? null),
    confidence: answer?.confidence ?? null,
    margin: answer?.margin ?? null,
  };
}
