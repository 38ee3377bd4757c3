import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { generateKeyPair } from "@fieldloop/devices";
import {
  type EngineExit,
  type EngineHost,
  type LoadedModel,
  startEngineHost,
  startInlineEngine,
} from "@fieldloop/edge-runtime/engine";
import { startImageDecoder } from "@fieldloop/edge-runtime/operators";
import {
  desire,
  hostileImages,
  makeTinyRelease,
  memoryFetcher,
  openReleases,
  tinyBackbone,
  tinyConvolutions,
  tinyHead,
  tinyImage,
} from "@fieldloop/edge-runtime/testing";
import { type Bench, type BenchOptions, type BenchOutcome, type BenchResult, median, quantile } from "./bench.ts";

/** Measures engine hosts and release swaps: what the child process costs, and what it keeps away from the main loop. */
export const engineBench: Bench = {
  name: "engine",
  about: "engine host against in-process, main-loop delay while inferring, release swaps under load",
  run: runEngineBench,
};

interface Subject {
  readonly name: string;
  readonly side: number;
  readonly pixels: Uint8Array;
  readonly graphs: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

const tiny: Subject = {
  name: "tiny",
  side: 2,
  pixels: tinyImage(1),
  graphs: [{ name: "backbone", bytes: tinyBackbone() }],
};
const demo: Subject = convolutions("demo", 32);
const large: Subject = convolutions("large", 96);

function convolutions(name: string, side: number): Subject {
  const heads = ["sign", "category"].map((head) => ({ name: head, bytes: tinyHead(head, { size: 64, classes: 12 }) }));
  return {
    name,
    side,
    pixels: tinyImage(1, side),
    graphs: [{ name: "backbone", bytes: tinyConvolutions({ side }) }, ...heads],
  };
}

async function runEngineBench({ full, log }: BenchOptions): Promise<BenchOutcome> {
  const scale = full ? 5 : 1;
  log("engine host against the same graphs in this process, interleaved");
  const overhead = await overheadResults(scale);
  log("main-loop delay, idle and under full inference");
  const delay = await mainLoopResults(scale);
  log("release swaps under load");
  const swaps = await swapResults(10 * scale);
  log("an engine killed in mid-run, and an image bomb");
  const faults = [await restartResult(3 * scale), await bombResult(10 * scale)];
  return { results: [...overhead, ...delay, ...swaps, ...faults], skipped: [] };
}

/** A and B take turns in blocks, so that both see the same machine and each runs with warm caches. */
const blockRuns = 20;

async function overheadResults(scale: number): Promise<BenchResult[]> {
  const host = await startEngineHost();
  const inline = await startInlineEngine();
  const timed = async (subject: Subject, runs: number) => {
    const models = { host: await host.load(subject.graphs), inline: await inline.load(subject.graphs) };
    const wallUs = { host: [] as number[], inline: [] as number[] };
    for (let block = 0; block < runs / blockRuns; block += 1) {
      for (const kind of ["host", "inline"] as const) {
        for (let run = 0; run < blockRuns; run += 1) wallUs[kind].push(await runUs(models[kind], subject));
      }
    }
    return wallUs;
  };
  const small = await timed(tiny, 4000 * scale);
  const middle = await timed(demo, 600 * scale);
  const heavy = await timed(large, 120 * scale);
  const echoUs = await socketEchoUs(4000 * scale);
  const rssMb = host.residentBytes() / 1024 ** 2;
  await host.close();
  await inline.close();
  const hopUs = Math.min(...small.host) - Math.min(...small.inline);
  const heavyRatio = median(heavy.host) / median(heavy.inline);
  return [
    result(
      "engine.hop-us",
      "fastest round trip to the host less the fastest run here, tiny graph",
      hopUs,
      "µs",
      "≤ 60",
      hopUs <= 60,
      small.host.length,
      `medians ${format(median(small.host))} and ${format(median(small.inline))} µs; a bare socket's echo takes ${format(echoUs)} µs here`,
    ),
    result(
      "engine.demo-ratio",
      "median of the demo's network in the host over here, 32 × 32 pixels, two heads",
      median(middle.host) / median(middle.inline),
      "×",
      "none",
      null,
      middle.host.length,
      `medians ${format(median(middle.host))} and ${format(median(middle.inline))} µs`,
    ),
    result(
      "engine.large-ratio",
      "median of a network above 2 ms in the host over here",
      heavyRatio,
      "×",
      "≤ 1.05",
      heavyRatio <= 1.05,
      heavy.host.length,
      `medians ${format(median(heavy.host))} and ${format(median(heavy.inline))} µs`,
    ),
    result(
      "engine.host-rss-mb",
      "resident memory of a host with the three networks loaded",
      rssMb,
      "MiB",
      "≤ 140",
      rssMb <= 140,
      1,
      "120 MiB and the models",
    ),
  ];
}

const echo = `const { Socket } = require("node:net"); const s = new Socket({ fd: 3, readable: true, writable: true });
s.on("data", (c) => s.write(c)); s.on("close", () => process.exit(0));`;

/** What a bare Unix socket between two Node processes takes on this machine, both ways, fastest of n. */
async function socketEchoUs(n: number): Promise<number> {
  const child = spawn(process.execPath, ["-e", echo], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const socket = child.stdio[3] as Duplex; // the fourth descriptor was asked for as a two-way pipe
  const message = Buffer.alloc(200);
  let fastestUs = Number.POSITIVE_INFINITY;
  for (let time = 0; time < n; time += 1) {
    const startedNs = process.hrtime.bigint();
    socket.write(message);
    await once(socket, "data");
    fastestUs = Math.min(fastestUs, Number(process.hrtime.bigint() - startedNs) / 1000);
  }
  socket.end();
  await once(child, "exit");
  return fastestUs;
}

async function runUs(model: LoadedModel, { side, pixels }: Subject): Promise<number> {
  const image = { dtype: "uint8", shape: [1, side, side, 3], data: pixels } as const;
  const startedNs = process.hrtime.bigint();
  await model.run({ image });
  return Number(process.hrtime.bigint() - startedNs) / 1000;
}

async function mainLoopResults(scale: number): Promise<BenchResult[]> {
  const host = await startEngineHost();
  const model = await host.load(large.graphs);
  const idle = await delayDuring(1500 * scale, async () => new Promise((resolve) => setTimeout(resolve, 20)));
  const busy = await delayDuring(1500 * scale, async () => void (await runUs(model, large)));
  await host.close();
  const inline = await startInlineEngine();
  const here = await inline.load(large.graphs);
  const blocked = await delayDuring(1500, async () => void (await runUs(here, large)));
  await inline.close();
  const p99 = (histogram: IntervalHistogram) => histogram.percentile(99) / 1e6;
  return [
    result(
      "engine.loop-delay-idle-ms",
      "main-loop delay p99, nothing to do",
      p99(idle),
      "ms",
      "none",
      null,
      idle.count,
      "timer resolution 1 ms is part of it",
    ),
    result(
      "engine.loop-delay-ms",
      "main-loop delay p99 while one host infers without pause",
      p99(busy),
      "ms",
      "≤ 10",
      p99(busy) <= 10,
      busy.count,
      `longest ${format(busy.max / 1e6)} ms`,
    ),
    result(
      "engine.loop-delay-inline-ms",
      "the same with the engine in this process",
      p99(blocked),
      "ms",
      "none",
      null,
      blocked.count,
      "control: what the host keeps away",
    ),
  ];
}

async function delayDuring(ms: number, work: () => Promise<void>): Promise<IntervalHistogram> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const endMs = performance.now() + ms;
  histogram.enable();
  while (performance.now() < endMs) await work();
  histogram.disable();
  return histogram;
}

async function swapResults(swaps: number): Promise<BenchResult[]> {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-bench-"));
  const keys = generateKeyPair();
  const backbone = (seed: number) => ({ side: 32, bytes: tinyConvolutions({ side: 32, seed }), size: 64 });
  const releases = await Promise.all([1, 2].map((seed) => makeTinyRelease(keys, { seed, backbone: backbone(seed) })));
  const store = await openReleases({
    dir,
    hubKey: keys.publicKey,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
  });
  const fetcher = memoryFetcher(releases);
  const offer = async (number: number) => {
    const taken = await store.offer(desire(keys, releases[number % 2]?.digest ?? "", number), fetcher);
    if (!taken.accepted) throw new Error(taken.reason);
  };
  await offer(1);
  const source = frameSource(async () => {
    const release = store.acquire();
    if (release === undefined) throw new Error("no release answers");
    await release.run(demo.pixels).finally(() => release.release());
  });
  const steady = await source.during(async () => new Promise((resolve) => setTimeout(resolve, 2000)));
  const swapMs: number[] = [];
  const swapping = await source.during(async () => {
    for (let number = 2; number < 2 + swaps; number += 1) {
      const startedMs = performance.now();
      await offer(number);
      swapMs.push(performance.now() - startedMs);
    }
  });
  await store.close();
  await rm(dir, { recursive: true });
  const [before, during] = [quantile(steady.frameUs, 0.99) / 1000, quantile(swapping.frameUs, 0.99) / 1000];
  const failed = steady.failed + swapping.failed;
  return [
    result(
      "release.swap-unanswered",
      `frames without an answer over ${swaps} swaps`,
      failed,
      "frames",
      "0",
      failed === 0,
      swapping.frameUs.length,
      "one source without pause",
    ),
    result(
      "release.swap-p99-ratio",
      "frame latency p99 while swapping over steady",
      during / before,
      "×",
      "≤ 3",
      during / before <= 3,
      swapping.frameUs.length,
      `${format(before)} ms steady, ${format(during)} ms while swapping`,
    ),
    result(
      "release.swap-ms",
      "median from offer to new answers: verify, start a host, golden samples, switch",
      median(swapMs),
      "ms",
      "none",
      null,
      swaps,
      "blobs already on the device",
    ),
  ];
}

/** Frames one after the other at 100 per second, or as fast as they are answered where that is slower. */
function frameSource(frame: () => Promise<void>) {
  return {
    async during(work: () => Promise<void>): Promise<{ frameUs: number[]; failed: number }> {
      const frameUs: number[] = [];
      let failed = 0;
      let isDone = false;
      const frames = (async () => {
        while (!isDone) {
          const startedNs = process.hrtime.bigint();
          await frame().catch(() => {
            failed += 1;
          });
          const tookUs = Number(process.hrtime.bigint() - startedNs) / 1000;
          frameUs.push(tookUs);
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, 10 - tookUs / 1000)));
        }
      })();
      await work().finally(() => {
        isDone = true;
      });
      await frames;
      return { frameUs, failed };
    },
  };
}

async function restartResult(times: number): Promise<BenchResult> {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-bench-"));
  const keys = generateKeyPair();
  const release = await makeTinyRelease(keys);
  const hosts: EngineHost[] = [];
  const startEngine = async (onExit: (exit: EngineExit) => void) => {
    const host = await startEngineHost({ onExit });
    hosts.push(host);
    return host;
  };
  const store = await openReleases({
    dir,
    hubKey: keys.publicKey,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
    startEngine,
  });
  await store.offer(desire(keys, release.digest, 1), memoryFetcher([release]));
  const tookMs: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startedMs = performance.now();
    process.kill(hosts.at(-1)?.pid ?? 0, "SIGKILL");
    const loaded = store.acquire();
    await loaded?.run(tinyImage(time));
    loaded?.release();
    tookMs.push(performance.now() - startedMs);
  }
  await store.close();
  const worst = Math.max(...tookMs);
  await rm(dir, { recursive: true });
  return result(
    "engine.restart-ms",
    "longest from SIGKILL of the engine host to the next answer",
    worst,
    "ms",
    "≤ 2000",
    worst <= 2000,
    times,
    `median ${format(median(tookMs))} ms`,
  );
}

async function bombResult(times: number): Promise<BenchResult> {
  const [bomb] = await hostileImages();
  const decoder = startImageDecoder();
  const tookMs: number[] = [];
  for (let time = 0; time <= times; time += 1) {
    const startedMs = performance.now();
    await decoder.decode(bomb?.bytes ?? new Uint8Array(0)).catch(() => undefined);
    if (time > 0) tookMs.push(performance.now() - startedMs);
  }
  await decoder.close();
  const middle = median(tookMs);
  return result(
    "operators.bomb-ms",
    "median to refuse a PNG of 20,000 × 20,000 pixels in the decoder process",
    middle,
    "ms",
    "< 100",
    middle < 100,
    times,
    "process already running",
  );
}

function result(
  id: string,
  what: string,
  value: number,
  unit: string,
  goal: string,
  met: boolean | null,
  n: number,
  note: string,
): BenchResult {
  return { id, what, value, unit, goal, met, n, note };
}

function format(value: number): string {
  return value.toPrecision(3);
}
