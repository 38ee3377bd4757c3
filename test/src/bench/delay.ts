import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { encodePrivateKey, encodePublicKey, generateKeyPair } from "@fieldloop/devices";
import { openRuntime, type Runtime, writeIdentity } from "@fieldloop/edge-runtime";
import { desire, makeTinyRelease, tinyConvolutions, tinyImage, writeBundle } from "@fieldloop/edge-runtime/testing";
import type { Bench, BenchOutcome, BenchResult } from "./bench.ts";

const side = 32;
const embeddingSize = 64;
const mostMs = 10;
const inWork = 4;

/** `npm run bench -- delay`: how long a device's main loop keeps others waiting, idle, at 30 frames per second and flat out. */
export const delayBench: Bench = {
  name: "delay",
  about: "main-loop delay of a device at work: idle, at 30 frames per second, and under full inference load",
  async run({ full, log }): Promise<BenchOutcome> {
    const folder = await mkdtemp(join(tmpdir(), "fieldloop-delay-"));
    const runtime = await openDevice(folder);
    const durationMs = full ? 60_000 : 10_000;
    try {
      await flatOut(runtime, performance.now() + 1000); // warm code and caches
      log(`idle, 30 frames per second and flat out, ${durationMs / 1000} s each`);
      const idle = await delayDuring((endMs) => pause(endMs - performance.now()).then(() => 0));
      const paced = await delayDuring((endMs) => thirtyPerSecond(runtime, endMs));
      const busy = await delayDuring((endMs) => flatOut(runtime, endMs));
      return { results: results(idle, paced, busy), skipped: [] };
    } finally {
      await runtime.close();
      await rm(folder, { recursive: true, force: true });
    }

    async function delayDuring(work: (endMs: number) => Promise<number>): Promise<Measured> {
      const histogram = monitorEventLoopDelay({ resolution: 1 });
      histogram.enable();
      const frames = await work(performance.now() + durationMs);
      histogram.disable();
      return { histogram, frames, seconds: durationMs / 1000 };
    }
  },
};

interface Measured {
  readonly histogram: IntervalHistogram;
  readonly frames: number;
  readonly seconds: number;
}

/** A device without a hub whose release has the demo's size: three blocks of convolutions on 32 × 32 pixels and two heads. */
async function openDevice(folder: string): Promise<Runtime> {
  const [hub, own] = [generateKeyPair(), generateKeyPair()];
  const backbone = { side, bytes: tinyConvolutions({ side }), size: embeddingSize };
  const change: Parameters<typeof makeTinyRelease>[1] = {
    backbone,
    change: (manifest) => ({
      ...manifest,
      policy: {
        ...manifest.policy,
        scorers: [{ kind: "uncertainty", head: "sign", bytesPerSecond: 20_000, burstBytes: 200_000 }],
      },
    }),
  };
  const release = await makeTinyRelease(hub, change);
  const dir = join(folder, "device");
  await writeIdentity(dir, {
    v: 1,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
    simulated: true,
    mqttUrl: "mqtt://127.0.0.1:9",
    httpUrl: "http://127.0.0.1:9",
    credential: "none",
    hubPublicKey: encodePublicKey(hub.publicKey),
    privateKey: encodePrivateKey(own.privateKey),
  });
  await writeBundle(join(folder, "bundle"), release, desire(hub, release.digest, 1));
  const runtime = await openRuntime(dir, { uplink: false });
  const taken = await runtime.offerBundle(join(folder, "bundle"));
  if (!taken.accepted) throw new Error(`The device refused its release: ${taken.reason}`);
  return runtime;
}

async function thirtyPerSecond(runtime: Runtime, endMs: number): Promise<number> {
  const answers: Promise<unknown>[] = [];
  for (let due = performance.now(); due < endMs; due += 1000 / 30) {
    await pause(due - performance.now());
    answers.push(runtime.infer(frame(answers.length)));
  }
  await Promise.all(answers);
  return answers.length;
}

async function flatOut(runtime: Runtime, endMs: number): Promise<number> {
  let frames = 0;
  const worker = async () => {
    while (performance.now() < endMs) await runtime.infer(frame(frames++));
  };
  await Promise.all(Array.from({ length: inWork }, worker));
  return frames;
}

const images = Array.from({ length: 16 }, (_, seed) => ({
  data: tinyImage(seed + 1, side),
  width: side,
  height: side,
}));
const frame = (index: number) => ({ image: images[index % images.length]! });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

function results(idle: Measured, paced: Measured, busy: Measured): BenchResult[] {
  const p99 = ({ histogram }: Measured) => histogram.percentile(99) / 1e6;
  const result = (id: string, what: string, measured: Measured, hasGoal: boolean): BenchResult => ({
    id: `delay.${id}`,
    what,
    value: p99(measured),
    unit: "ms",
    goal: hasGoal ? `≤ ${mostMs}` : "printed",
    met: hasGoal ? p99(measured) <= mostMs : null,
    n: measured.histogram.count,
    note: noteOf(measured),
  });
  return [
    result("idle-p99-ms", "main-loop delay p99 of a device without frames", idle, false),
    result("30fps-p99-ms", "main-loop delay p99 at 30 frames per second", paced, true),
    result("full-p99-ms", "main-loop delay p99 under full inference load", busy, true),
  ];
}

function noteOf({ histogram, frames, seconds }: Measured): string {
  const ms = (value: number) => (value / 1e6).toFixed(1);
  const rate = frames === 0 ? "no frames" : `${(frames / seconds).toFixed(0)} frames/s answered`;
  return `${rate}; p50 ${ms(histogram.percentile(50))} ms, longest ${ms(histogram.max)} ms; timer resolution 1 ms included`;
}
