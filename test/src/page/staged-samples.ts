import { digestNamed } from "./staged-releases.ts";

const classes = [
  "speed limit 30",
  "speed limit 50",
  "speed limit 80",
  "no entry",
  "stop",
  "yield",
  "priority road",
  "road works",
  "bend left",
  "bend right",
  "children crossing",
  "end of all limits",
] as const;
const count = 900;

/** The classes of the staged head, by index. */
export const stagedClasses: readonly string[] = classes;

/** Prepared samples: pages of them, by id, their histogram, labels and lineage. */
export function stagedSamples(now: number) {
  const all = Array.from({ length: count }, (_, index) => sampleAt(now, index));
  const byId = new Map(all.map((sample) => [sample.id, sample]));
  return {
    read(id: string | undefined, part: string | undefined, url: URL, isEmpty: boolean): unknown {
      if (id === undefined) return pageOf(isEmpty ? [] : all, url);
      if (id === "histogram") return histogram(now, url, isEmpty);
      if (id === "similar") return { samples: isEmpty ? [] : similarTo(all) };
      return part === undefined ? byId.get(id) : undefined;
    },
    history: (sample: string) => history(now, byId.get(sample)),
    lineage: (sample: string) => lineage(now, sample),
    queue: () => ({ items: all.slice(0, 40).map(questionOf), candidates: 312, until: now + 60_000 }),
  };
}

type StagedSample = ReturnType<typeof sampleAt>;

function sampleAt(now: number, index: number) {
  const truth = (index * 7) % classes.length;
  const isWrong = index % 9 === 4;
  const answer = isWrong ? (truth + 1) % classes.length : truth;
  const confidence = 0.32 + ((index * 37) % 67) / 100;
  const isLabelled = index % 3 !== 0;
  const isAudit = index % 11 === 0;
  return {
    id: `s_${index.toString(16).padStart(20, "0")}`,
    source: "device" as const,
    device: `reader-0${1 + (index % 7)}`,
    at: now - index * 41_000,
    receivedAt: now - index * 41_000 + 700,
    release: digestNamed("v4"),
    space: digestNamed("space"),
    blob: digestNamed(`blob ${index}`),
    width: 32,
    height: 32,
    encoding: "png",
    reasons: [isAudit ? { kind: "audit", probability: 0.05 } : { kind: "uncertainty", probability: 0.6, score: 0.71 }],
    inclusionProbability: isAudit ? 0.05 : 0.6,
    audit: isAudit,
    predictions: {
      sign: { index: answer, confidence, margin: confidence / 2 },
      category: { index: answer % 4, confidence: 0.93, margin: 0.88 },
    },
    class: classes[answer]!,
    confidence,
    margin: confidence / 2,
    track: index % 4 === 0 ? null : `track-${Math.floor(index / 5)}`,
    split: null,
    context: { light: index % 2 === 0 ? "day" : "dusk", track: `track-${Math.floor(index / 5)}` },
    labels:
      isLabelled && index % 17 !== 0
        ? { sign: { class: classes[truth]!, author: "ben", kind: "human", at: now - 5000, label: `label ${index}` } }
        : {},
    unsure: index % 17 === 0 ? { sign: { author: "cleo", at: now - 5000, label: `label ${index}` } } : {},
  };
}

function pageOf(all: readonly StagedSample[], url: URL) {
  const query = url.searchParams;
  const limit = Number(query.get("limit") ?? 50);
  const from = Number(query.get("after")?.split(".")[0] ?? 0);
  const ids = query.get("ids")?.split(",");
  const matching = all.filter(
    (sample) =>
      (query.get("class") === null || sample.class === query.get("class")) &&
      (query.get("device") === null || sample.device === query.get("device")) &&
      (ids === undefined || ids.includes(sample.id)),
  );
  const samples = matching.slice(from, from + limit);
  return from + limit < matching.length ? { samples, next: `${from + limit}.x` } : { samples };
}

const similarTo = (all: readonly StagedSample[]) =>
  all
    .filter((_, index) => index % 12 === 5)
    .slice(0, 60)
    .map((sample, index) => ({ ...sample, distance: index === 0 ? 0 : 0.02 + index * 0.0071 }));

function histogram(now: number, url: URL, isEmpty: boolean) {
  const buckets = Number(url.searchParams.get("buckets") ?? 96);
  const bucketMs = 300_000;
  const from = now - (now % bucketMs) - (buckets - 1) * bucketMs;
  const counts = Array.from({ length: buckets }, (_, index) =>
    Math.round(40 + 35 * Math.sin(index / 9) + 18 * Math.sin(index * 1.7) ** 2 + (index > 80 && index < 92 ? 60 : 0)),
  );
  const total = counts.reduce((sum, each) => sum + each, 0);
  const series = isEmpty ? [] : [{ key: "", total, counts }];
  return { from, to: from + buckets * bucketMs, bucketMs, total: isEmpty ? 0 : total, series };
}

function history(now: number, sample: StagedSample | undefined) {
  if (sample === undefined) return [];
  const row = { sample: sample.id, track: null, head: "sign", kind: "human", undoes: null, state: "answered" };
  return [
    {
      ...row,
      id: "label 3",
      class: "speed limit 80",
      author: "ben",
      suggestion: sample.class,
      at: now - 65_000,
      holds: true,
    },
    {
      ...row,
      id: "label 2",
      class: "",
      state: "withdrawn",
      undoes: "label 1",
      author: "ada",
      suggestion: null,
      at: now - 3_600_000,
      holds: false,
    },
    { ...row, id: "label 1", class: "stop", author: "ada", suggestion: "stop", at: now - 3_700_000, holds: false },
  ];
}

function lineage(now: number, sample: string) {
  const run = {
    run: "r_0123456789abcdef0123",
    state: "done",
    version: digestNamed("version v4"),
    releases: [digestNamed("v4")],
  };
  const snapshot = {
    id: "d_1",
    name: "field and old, November",
    createdAt: now - 86_400_000,
    role: "field",
    split: "train",
    machine: false,
    labels: {},
  };
  return { sample, release: digestNamed("v4"), snapshots: [{ ...snapshot, runs: [run] }] };
}

function questionOf(sample: StagedSample, index: number) {
  const isTrack = index % 2 === 1;
  const frames = Array.from(
    { length: isTrack ? 9 : 1 },
    (_, frame) => `s_${(index * 9 + frame).toString(16).padStart(20, "0")}`,
  );
  return {
    key: isTrack ? `reader-07/track-${index}` : sample.id,
    kind: isTrack ? "track" : "sample",
    samples: frames,
    track: isTrack ? `track-${index}` : null,
    device: sample.device,
    suggestions: {
      sign: { class: sample.class, confidence: sample.confidence },
      category: { class: "danger", confidence: 0.9 },
    },
    why: `Cluster ${index + 1} of 40: it stands for 14 tracks that look alike; the model leads by 0.12 on average over its ${frames.length} frames.`,
  };
}
