import Type, { type Static } from "typebox";
import { type AnswerCounts, AnswerCountsSchema, answerCounts } from "./answer-counts.ts";
import { type DeviceReader, getDevice } from "./device.ts";
import { timelineEntries } from "./timeline-entries.ts";

/** A span of a device's time (ms since 1970 by the hub); the last 24 hours unless said otherwise, 92 days at most. */
export const TimelineRequestSchema = Type.Object({
  from: Type.Optional(Type.Integer({ minimum: 0 })),
  to: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type TimelineRequest = Static<typeof TimelineRequestSchema>;

/**
 * Something that happened to a device, in a sentence. release: an offer and what came of it · start: of its process ·
 * engine: ended by itself and was started anew · gap: records that will not come · clock, window, claim, twin: what the hub
 * found wrong with what it sent. count: of restarts or records
 */
export const TimelineEntrySchema = Type.Object({
  at: Type.Integer(),
  kind: Type.Enum(["release", "start", "engine", "gap", "clock", "window", "claim", "twin"]),
  sentence: Type.String(),
  release: Type.Union([Type.String(), Type.Null()]),
  state: Type.Union([Type.String(), Type.Null()]),
  count: Type.Union([Type.Integer(), Type.Null()]),
});
export type TimelineEntry = Static<typeof TimelineEntrySchema>;

/** Newest entries first, `more` when older ones were left out; counts in time order, each over `bucketMs`. */
export const TimelineSchema = Type.Object({
  device: Type.String(),
  from: Type.Integer(),
  to: Type.Integer(),
  entries: Type.Array(TimelineEntrySchema),
  more: Type.Boolean(),
  bucketMs: Type.Integer(),
  counts: Type.Array(AnswerCountsSchema),
});
export type Timeline = Static<typeof TimelineSchema>;

const dayMs = 24 * 60 * 60 * 1000;
const longestMs = 92 * dayMs;
const mostEntries = 200;

/** What happened to a device and how its frames fared. @throws {HubError} `not-found` */
export async function deviceTimeline(hub: DeviceReader, device: string, request: TimelineRequest): Promise<Timeline> {
  await getDevice(hub, device);
  const to = request.to ?? hub.clock();
  const from = Math.max(request.from ?? to - dayMs, to - longestMs);
  const span = { device, from, to };
  const entries = await timelineEntries(hub, span, mostEntries + 1);
  const { bucketMs, counts }: { bucketMs: number; counts: AnswerCounts[] } = await answerCounts(hub, span);
  return { ...span, entries: entries.slice(0, mostEntries), more: entries.length > mostEntries, bucketMs, counts };
}
