import { digestNamed } from "./staged-releases.ts";
import { stagedClasses } from "./staged-samples.ts";

const hourMs = 3_600_000;
const figure = (value: number, half: number, n: number) => ({ value, low: value - half, high: value + half, n });

/** Prepared trainings, versions and evaluations. */
export function stagedModels(now: number) {
  const versions = stagedVersions(now);
  const evaluations = ["e_field", "e_old"].map((id, index) => evaluationOf(now, id, index));
  return {
    versions,
    runs: stagedRuns(now),
    curves: (run: string) =>
      run.startsWith("r_wait") ? { state: "waiting", series: [] } : { state: "running", series: lossSeries() },
    snapshot: (id: string) => ({
      id,
      name: "field and old, November",
      hash: "",
      manifest: "",
      createdAt: now - 30 * hourMs,
      counts: { old: 4_800, field: 1_260, machine: 700 },
    }),
    heads: {
      heads: [
        { head: "sign", classes: stagedClasses },
        { head: "category", classes: ["limit", "danger", "order", "other"] },
      ],
      authors: ["ada", "ben", "cleo"],
    },
    evaluations: evaluations.map(({ versions: judged, difference: _, ...each }) => ({
      ...each,
      versions: judged.map(({ version }) => version),
      accuracy: Object.fromEntries(judged.map(({ version, heads }) => [version, { sign: heads.sign.accuracy }])),
    })),
    evaluation: (id: string) => evaluations.find((each) => each.id === id),
    lineage: () => lineage(now),
  };
}

function stagedVersions(now: number) {
  return ["v5", "v4", "v3"].map((name, index) => ({
    id: digestNamed(`version ${name}`),
    model: "road-signs",
    run: `r_${index}123456789abcdef0123`,
    snapshot: "d_1",
    base: index === 2 ? null : digestNamed(`version v${4 - index}`),
    createdAt: now - (index * 26 + 2) * hourMs,
    preprocess: { operator: "resize-rgb", version: 1, width: 32, height: 32 },
    components: [
      { name: "sign", role: "head", interface: "", classes: stagedClasses, canonical: { digest: "", bytes: 1 } },
    ],
    metrics: { validation: { sign: figure(0.952 - index * 0.02, 0.013, 340), category: figure(0.981, 0.008, 340) } },
    variants: index === 0 ? [] : variants(),
  }));
}

function variants() {
  const common = { components: {}, agreement: figure(0.992, 0.005, 1_500), peakMemoryBytes: 41_200_000 };
  const machine = { name: "AMD EPYC", cores: 2, threads: 1, engine: "onnxruntime 1.24" };
  return [
    {
      target: "int8-vnni",
      components: {},
      fitCard: {
        ...common,
        target: "int8-vnni",
        accuracy: figure(0.947, 0.012, 1_500),
        difference: figure(-0.003, 0.005, 1_500),
        latency: { p50Us: 410, p95Us: 560, n: 400, machine },
        sizeBytes: 118_400,
        sizeRatio: 0.28,
      },
    },
    {
      target: "fp32",
      components: {},
      fitCard: {
        ...common,
        target: "fp32",
        accuracy: figure(0.95, 0.012, 1_500),
        agreement: null,
        difference: null,
        latency: null,
        sizeBytes: 421_000,
        sizeRatio: 1,
        peakMemoryBytes: null,
      },
    },
  ];
}

function stagedRuns(now: number) {
  const recipe = {
    heads: [{ name: "sign", classes: stagedClasses }],
    steps: 800,
    batch: 64,
    learningRate: 0.005,
    channels: [32, 64, 128],
    light: true,
  };
  const run = {
    model: "road-signs",
    snapshot: "d_1",
    base: digestNamed("version v4"),
    recipe,
    seed: 7,
    error: null,
    createdBy: "ada",
    job: "j_1",
  };
  return [
    {
      ...run,
      id: "r_waiting6789abcdef0123",
      state: "waiting",
      version: null,
      createdAt: now - 20_000,
      startedAt: null,
      finishedAt: null,
      progress: 0,
    },
    {
      ...run,
      id: "r_running6789abcdef0123",
      state: "running",
      version: null,
      createdAt: now - 300_000,
      startedAt: now - 290_000,
      finishedAt: null,
      progress: 0.63,
    },
    {
      ...run,
      id: "r_failed456789abcdef012",
      state: "failed",
      version: null,
      error: "Expected 12 classes in head sign, the snapshot names 13; correct the recipe and start the run again.",
      createdAt: now - 2 * hourMs,
      startedAt: now - 2 * hourMs,
      finishedAt: now - 2 * hourMs + 9000,
      progress: 0,
    },
    ...["v5", "v4", "v3"].map((name, index) => ({
      ...run,
      id: `r_${index}123456789abcdef0123`,
      state: "done",
      version: digestNamed(`version ${name}`),
      createdAt: now - (index * 26 + 3) * hourMs,
      startedAt: now - (index * 26 + 3) * hourMs,
      finishedAt: now - (index * 26 + 3) * hourMs + 201_000,
      progress: 1,
    })),
  ];
}

function lossSeries() {
  const steps = Array.from({ length: 60 }, (_, index) => 25 * (index + 1));
  const curve = (from: number, noise: number) =>
    steps.map((step, index) => from * Math.exp(-step / 350) + 0.12 + noise * Math.abs(Math.sin(index * 12.9)));
  return [
    { name: "loss", steps, values: curve(3.1, 0.16) },
    { name: "loss.sign", steps, values: curve(2.3, 0.12) },
    { name: "loss.category", steps, values: curve(0.8, 0.06) },
    { name: "learningRate", steps, values: steps.map((step) => 0.005 * (1 - step / 1600)) },
  ];
}

function evaluationOf(now: number, id: string, index: number) {
  const heads = (shift: number) => ({
    sign: {
      accuracy: figure(0.712 + shift, 0.034, 214),
      samples: 1_070,
      slices: [
        ...stagedClasses.map((name, at) => ({
          slice: `class=${name}`,
          accuracy: figure(Math.min(0.92, 0.48 + at * 0.035 + shift * (at % 3)), 0.07, 12 + at),
          samples: 60 + at * 5,
        })),
        { slice: "light=dusk", accuracy: figure(0.58 + shift, 0.05, 101), samples: 505 },
        { slice: "light=day", accuracy: figure(0.9, 0.02, 113), samples: 565 },
      ],
      confusion: { classes: stagedClasses, cells: cells() },
    },
  });
  return {
    id,
    at: now - (index + 1) * hourMs,
    by: "ada",
    query: index === 0 ? { source: "device", audit: true } : { source: "import", split: "val" },
    samples: 1_070,
    versions: [
      { version: digestNamed("version v4"), heads: heads(0) },
      { version: digestNamed("version v5"), heads: heads(0.09) },
    ],
    difference: { sign: figure(0.09, 0.031, 214) },
  };
}

function cells() {
  return stagedClasses.flatMap((truth, row) =>
    stagedClasses.flatMap((answer, column) => {
      const samples = row === column ? 60 + row * 5 : (row + column) % 5 === 0 ? 1 + ((row * column) % 9) : 0;
      const ids = Array.from(
        { length: Math.min(samples, 12) },
        (_, at) => `s_${(row * 12 + column + at).toString(16).padStart(20, "0")}`,
      );
      return samples === 0 ? [] : [{ truth, answer, samples, ids }];
    }),
  );
}

function lineage(now: number) {
  const version = { id: digestNamed("version v4"), model: "road-signs", createdAt: now - 28 * hourMs };
  const release = { digest: digestNamed("v4"), createdAt: now - 27 * hourMs, createdBy: "ada" };
  return {
    release,
    version,
    bases: [{ ...version, id: digestNamed("version v3") }],
    run: {
      id: "r_1123456789abcdef0123",
      state: "done",
      seed: 7,
      createdAt: now - 29 * hourMs,
      finishedAt: now - 28 * hourMs,
      createdBy: "ada",
    },
    snapshot: { id: "d_1", name: "field and old, November", hash: "", createdAt: now - 30 * hourMs, createdBy: "ben" },
    samples: {
      total: 6_060,
      deleted: 2,
      parts: [
        { role: "field", split: "train", machine: false, samples: 560, tracks: 100 },
        { role: "field", split: "train", machine: true, samples: 700, tracks: 130 },
        { role: "old", split: "train", machine: false, samples: 4_000, tracks: 800 },
        { role: "old", split: "val", machine: false, samples: 800, tracks: 160 },
      ],
      devices: [
        { device: "reader-07", samples: 900 },
        { device: null, samples: 4_800 },
      ],
    },
    releases: [release],
    devices: ["reader-01", "reader-02", "reader-07"].map((device) => ({ device, release: release.digest })),
  };
}
