// The program that a robotics engineer would write: open the runtime, hand it camera frames, use the answers.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { openRuntime } from "@fieldloop/edge-runtime";
import { openRoadSigns } from "../dataset/open-road-signs.ts";
import { playSteadily } from "./camera.ts";
import type { Answering, Counts, ReaderReply, ReaderRequest } from "./messages.ts";
import { framesOf, type PlayedFrame } from "./playlist.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    field: { type: "string" },
    seed: { type: "string", default: "0" },
    camera: { type: "string", default: "0" },
    cameras: { type: "string", default: "1" },
  },
});
const data = await openRoadSigns({ field: values.field, seed: Number(values.seed) });
const viewpoint = { camera: Number(values.camera), cameras: Number(values.cameras) };
const runtime = await openRuntime(values.data ?? ".fieldloop/device");
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
loopDelay.enable();

let shown = 0;
let answered = 0;
let failed = 0;
let stopped = false;
const waiting = new Set<Promise<void>>();
const byRelease: Record<string, Answering> = {};

function show({ pixels, width, height, track }: PlayedFrame): void {
  shown += 1;
  const answer = runtime
    .infer({ image: { data: pixels, width, height }, context: { track } })
    .then(
      ({ release }) => {
        answered += 1;
        const at = Date.now();
        const before = byRelease[release];
        byRelease[release] = { frames: (before?.frames ?? 0) + 1, firstAt: before?.firstAt ?? at, lastAt: at };
      },
      () => {
        failed += 1;
      },
    )
    .finally(() => waiting.delete(answer));
  waiting.add(answer);
}

async function play(request: Extract<ReaderRequest, { kind: "play" }>): Promise<void> {
  const frames = framesOf(data, request.scene, viewpoint);
  stopped = false;
  await playSteadily({
    framesPerSecond: request.framesPerSecond,
    now: () => performance.now(),
    show: (frame) => {
      const played = frames[frame % frames.length];
      if (played !== undefined) show(played);
    },
    stop: (frame) => stopped || (request.frames !== "until-stopped" && frame >= request.frames),
  });
  await Promise.all(waiting);
}

function counts(): Counts {
  const { journal, release, bytes } = runtime.status();
  return {
    shown,
    answered,
    failed,
    waiting: Object.values(journal.lanes).reduce((sum, lane) => sum + lane.waiting, 0),
    release,
    byRelease,
    bytes,
    loopDelayP99Ms: loopDelay.percentile(99) / 1e6,
  };
}

async function handle(request: ReaderRequest): Promise<ReaderReply> {
  if (request.kind === "play") {
    await play(request);
    return { kind: "played", counts: counts() };
  }
  if (request.kind === "offer") {
    const result = await runtime.offerBundle(request.bundle);
    return result.accepted
      ? { kind: "offered", accepted: true, code: "accepted", reason: "accepted" }
      : { kind: "offered", accepted: false, code: result.code, reason: result.reason };
  }
  if (request.kind === "stop") stopped = true;
  return { kind: "counted", counts: counts() };
}

process.on("message", (message: { id: number; request: ReaderRequest }) => {
  handle(message.request).then(
    (reply) => process.send?.({ id: message.id, reply }),
    (error: unknown) =>
      process.send?.({
        id: message.id,
        reply: { kind: "failed", sentence: error instanceof Error ? error.message : String(error) },
      }),
  );
});

async function close(): Promise<void> {
  stopped = true;
  await runtime.close();
  process.exit(0);
}
process.on("SIGTERM", close);
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the story decides when the reader ends
process.on("disconnect", close);
process.send?.({ id: 0, reply: { kind: "ready" } });
