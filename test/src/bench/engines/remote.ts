import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, startInlineEngine, startRemoteEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { contractFailures, tinyImage, tinyOnnx } from "@fieldloop/edge-runtime/testing";
import { type Bench, type BenchOptions, type BenchOutcome, type BenchResult, median } from "../bench.ts";
import { kservePython, type ServerProcess, startKserve, startStandIn } from "./remote/servers.ts";

/** `--only remote`: what a v2 server costs over the same graph in this process, and KServe's own server as a judge. */
export const remoteBench: Bench = {
  name: "remote",
  about:
    "150 KB through the binary tensor extension against the same graph in this process; KServe's server as a judge",
  async run(options): Promise<BenchOutcome> {
    const dir = await mkdtemp(join(tmpdir(), "fieldloop-remote-bench-"));
    try {
      return await measure(dir, options);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

const side = 224; // side · side · 3 bytes are 150 KB
const goalMs = 0.5;

async function measure(dir: string, { full, log }: BenchOptions): Promise<BenchOutcome> {
  const results: BenchResult[] = [];
  const runs = full ? 10_000 : 3_000;
  log("a server in another process, over a Unix socket and over TCP");
  for (const [id, socket] of [
    ["remote-unix", join(dir, "s")],
    ["remote-tcp", undefined],
  ] as const) {
    const server = await startStandIn(socket);
    const over = await withServer(server, { kind: "upload" }, (engine) => millisecondsOver(engine, runs));
    results.push(overResult(id, "a server on the same machine", over, goalMs));
  }
  const found = kservePython();
  if ("why" in found) return { results, skipped: [{ id: "remote-kserve", why: found.why }] };
  log("KServe's own server");
  const deploy = { kind: "files", folder: dir } as const;
  const kserve = await startKserve(found.python, dir);
  await withServer(kserve, deploy, async (engine) => {
    const failed = await contractFailures(engine);
    results.push(contractResult(failed));
    results.push(overResult("remote-kserve-over", "KServe's server in Python", await millisecondsOver(engine, 200)));
  });
  return { results, skipped: [] };
}

async function withServer<T>(
  server: ServerProcess,
  deploy: Parameters<typeof startRemoteEngine>[0]["deploy"],
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await startRemoteEngine({ address: server.address, deploy });
  try {
    return await use(engine);
  } finally {
    await engine.close();
    await server.stop();
  }
}

interface Over {
  readonly ms: number;
  readonly directMs: number;
  readonly medianMs: number;
  readonly n: number;
}

/** Direct and remote take turns, so that what else the machine does falls on both. */
async function millisecondsOver(remote: Engine, runs: number): Promise<Over> {
  const direct = await startInlineEngine();
  const graph = { name: "brightest", bytes: brightest() };
  const image: Tensor = { dtype: "uint8", shape: [1, side, side, 3], data: tinyImage(1, side) };
  const [near, far] = [await direct.load([graph]), await remote.load([graph])];
  const times = { near: [] as number[], far: [] as number[] };
  const time = async (model: typeof near, into: number[]) => {
    const started = performance.now();
    await model.run({ image });
    into.push(performance.now() - started);
  };
  for (let run = 0; run < runs; run += 1) {
    await time(near, times.near);
    await time(far, times.far);
  }
  await direct.close();
  const [nearMs, farMs] = [Math.min(...times.near), Math.min(...times.far)];
  return { ms: farMs - nearMs, directMs: nearMs, medianMs: median(times.far) - median(times.near), n: runs };
}

/** The largest value of each colour: reads the whole image and takes a fraction of a millisecond. */
function brightest(): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: "image", dtype: "uint8", shape: ["N", side, side, 3] }],
    outputs: [{ name: "brightest", dtype: "uint8", shape: ["N", 3] }],
    nodes: [{ op: "ReduceMax", inputs: ["image"], outputs: ["brightest"], attributes: { axes: [1, 2], keepdims: 0 } }],
  });
}

/** The minimum of many turns is what the path itself costs; the median also says how busy the machine was. */
function overResult(id: string, what: string, { ms, directMs, medianMs, n }: Over, goal?: number): BenchResult {
  return {
    id,
    what: `150 KB inferred by ${what}, over the same graph in this process, minima of turns`,
    value: ms,
    unit: "ms",
    goal: goal === undefined ? "printed" : `≤ ${goal}`,
    met: goal === undefined ? null : ms <= goal,
    n,
    note: `direct ${directMs.toFixed(3)} ms; medians differ by ${medianMs.toFixed(3)} ms`,
  };
}

function contractResult(failed: readonly string[]): BenchResult {
  return {
    id: "remote-kserve-contract",
    what: "sentences of the engine contract that KServe's server does not keep, binary tensors both ways",
    value: failed.length,
    unit: "",
    goal: "0",
    met: failed.length === 0,
    n: 1,
    note: failed.join("; "),
  };
}
