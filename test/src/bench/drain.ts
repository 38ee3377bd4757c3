import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createHubClient, startHub } from "@fieldloop/cloud-hub";
import { encodeMessage, type Lane, lanes } from "@fieldloop/devices";
import { enrol, openRuntime } from "@fieldloop/edge-runtime";
import { type LaneOptions, openJournal } from "@fieldloop/edge-runtime/journal";
import type { Bench, BenchOutcome } from "./bench.ts";

const samples = 4_000;
const sampleBytes = 8_000;
const paceBytes = 1024 * 1024;

/** `npm run bench -- drain`: how long a device's journal of an outage takes to reach the hub's tables. */
export const drainBench: Bench = {
  name: "drain",
  about: "a device's journal of an outage on its way to the hub, at the pace that one device may have",
  async run({ log }): Promise<BenchOutcome> {
    const dir = await mkdtemp(join(tmpdir(), "fieldloop-drain-"));
    const hub = await startHub({ dataDir: join(dir, "hub"), listen: { httpPort: 0, mqttPort: 0 } });
    try {
      const client = createHubClient({ url: hub.url, token: hub.token });
      const { code } = await client.addDevice({ device: "reader-1", profile: "x86-64" });
      const data = join(dir, "edge");
      await enrol(code, data, { profile: "x86-64" });
      log(`${samples} samples of ${sampleBytes} bytes wait`);
      await fill(join(data, "journal"));
      const runtime = await openRuntime(data, { journal: { freeSpaceFloorBytes: 0 } });
      const started = performance.now();
      const waiting = () => runtime.status().journal.lanes.samples?.waiting ?? 0;
      while (waiting() > 0) await sleep(20);
      const seconds = (performance.now() - started) / 1000;
      await runtime.close();
      const megabytes = (samples * sampleBytes) / 1e6;
      const allowed = ((samples * sampleBytes) / paceBytes - 10) * 1.5 + 15;
      return {
        results: [
          {
            id: "drain.seconds",
            what: `from the first connection to the last receipt for ${megabytes.toFixed(0)} MB in ${samples} samples`,
            value: seconds,
            unit: "s",
            goal: `≤ ${allowed.toFixed(0)}`,
            met: seconds <= allowed,
            n: 1,
            note: `${(megabytes / seconds).toFixed(2)} MB/s, ${(samples / seconds).toFixed(0)} samples/s`,
          },
        ],
        skipped: [],
      };
    } finally {
      await hub.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

/** A journal as a device leaves it after hours without its hub. */
async function fill(dir: string): Promise<void> {
  const lane: LaneOptions = { sync: "none" };
  const options = Object.fromEntries(lanes.map((name) => [name, lane])) as Record<Lane, LaneOptions>;
  const journal = await openJournal({ dir, lanes: options });
  const bytes = new Uint8Array(sampleBytes);
  for (let frame = 1; frame <= samples; frame += 1) {
    bytes.set([frame & 255, frame >> 8]);
    const at = Date.now();
    const payload = encodeMessage("sample", {
      v: 1,
      release: `sha256:${"ab".repeat(32)}`,
      frame,
      at,
      image: { encoding: "png", width: 32, height: 32, lossy: false, bytes },
      reasons: [{ kind: "uncertainty", probability: 0.5, score: 0.5 }],
      inclusionProbability: 0.5,
      heads: { sign: { index: 1, confidence: 0.5, margin: 0.1 } },
      embedding: new Float32Array(64),
      luma: 40,
      context: {},
    });
    await journal.append("samples", { kind: "sample", at, priority: 0.5, payload });
  }
  await journal.close();
}
