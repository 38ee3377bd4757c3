import type { Device } from "@fieldloop/cloud-hub";
import { seededRandom } from "../crash/kill-cycles.ts";
import { digestNamed } from "./staged-releases.ts";

const minuteMs = 60_000;
const [v5, v4] = [digestNamed("v5"), digestNamed("v4")];

type Wellness = Device["health"];
const healthy: Wellness = {
  state: "healthy",
  sentence: "Connected; it answered 8931 of 8944 frames in the last 5 minutes.",
};

const special: Readonly<Record<number, Partial<Device>>> = {
  3: {
    connected: false,
    lastSeen: 0,
    health: {
      state: "silent",
      sentence:
        "Silent since 2026-11-25 01:14:09 UTC (1 h 49 min): it is not connected. 4210 records waited on it when it was last heard. It goes on working and sends what it kept once it is back.",
    },
    waiting: { records: 4210, bytes: 18_400_000 },
  },
  7: {
    health: {
      state: "failing",
      sentence:
        "It gave no answer to 12 % of 9012 frames in the last 5 minutes: engine-busy 802, image-unreadable 214.",
    },
    temperatureC: 86.4,
    waiting: { records: 93, bytes: 402_000 },
  },
  9: {
    clockOffsetMs: 7_230_000,
    notes: [{ kind: "clock", sentence: "Its clock is 2 h behind the hub’s; its times are corrected by that." }],
  },
  12: {
    enrolled: false,
    connected: false,
    lastSeen: null,
    release: null,
    desired: null,
    waiting: null,
    temperatureC: null,
    health: { state: "unknown", sentence: "It has not enrolled yet." },
  },
};

/** Prepared devices: most well, one silent, one failing, one with a wrong clock, one not enrolled. */
export function stagedDevices(now: number): readonly Device[] {
  return Array.from({ length: 26 }, (_, index) => {
    const isPi = index % 3 === 2;
    const device: Device = {
      device: `reader-${String(index).padStart(2, "0")}`,
      profile: isPi ? "raspberry-pi-4" : "x86-64",
      group: index < 4 ? "yard" : index < 16 ? "gates" : null,
      simulated: isPi,
      enrolled: true,
      createdAt: now - 9 * 86_400_000 + index * minuteMs,
      lastSeen: now - index * 700,
      release: index < 4 ? v5 : v4,
      desired: { number: 4, release: index < 5 ? v5 : v4 },
      reported: null,
      connected: true,
      connectedAt: now - 5 * 3_600_000,
      disconnectedAt: null,
      health: healthy,
      notes: [],
      temperatureC: 44 + ((index * 7) % 23),
      waiting: { records: index % 4, bytes: (index % 4) * 4100 },
      clockOffsetMs: 0,
    };
    const changed = { ...device, ...special[index] };
    return changed.lastSeen === 0 ? { ...changed, lastSeen: now - 109 * minuteMs } : changed;
  });
}

/** A prepared hour of a device: a new release, a restart, a gap, and drops while it was hot. */
export function stagedTimeline(now: number, url: URL, isEmpty: boolean) {
  const from = Number(url.searchParams.get("from") ?? now - 3_600_000);
  const bucketMs = Math.max(10_000, Math.round((now - from) / 300 / 10_000) * 10_000);
  const random = seededRandom(4);
  const length = Math.floor((now - from) / bucketMs);
  const counts = Array.from({ length }, (_, index) => {
    const share = index / length;
    const isHot = share > 0.55 && share < 0.7;
    const frames = Math.round((29 + random()) * (bucketMs / 1000) * (isHot ? 0.8 : 1));
    const drops: Record<string, number> = isHot ? { "engine-busy": Math.round(frames * 0.2 * random()) } : {};
    return { at: from + index * bucketMs, frames, drops, errors: index % 97 === 3 ? { "image-unreadable": 2 } : {} };
  }).filter((_, index) => index < length * 0.8 || index > length * 0.84);
  const at = (share: number) => Math.round(from + share * (now - from));
  const entry = (share: number, kind: string, sentence: string, release: string | null, state: string | null) => ({
    at: at(share),
    kind,
    sentence,
    release,
    state,
    count: null,
  });
  const entries = [
    entry(0.84, "start", "Its process started, with release 5d0a1b6c3e2f, runtime 0.1.0.", v5, null),
    entry(0.8, "gap", "120 records of lane predictions will not come (quota).", null, "quota"),
    entry(0.45, "release", "Took over release 5d0a1b6c3e2f for good.", v5, "good"),
    entry(0.44, "release", "Has release 5d0a1b6c3e2f ready and begins to answer with it.", v5, "staged"),
    entry(0.43, "release", "Was offered release 5d0a1b6c3e2f (desired state 4).", v5, "offered"),
    entry(0.2, "engine", "Its engine ended by itself once under release 0b9fa2 and was started anew.", v4, null),
    entry(0.02, "start", "Its process started, with release 0b9fa2, runtime 0.1.0.", v4, null),
  ];
  return {
    device: "",
    from,
    to: now,
    entries: isEmpty ? [] : entries,
    more: false,
    bucketMs,
    counts: isEmpty ? [] : counts,
  };
}

/** Prepared curves: confidence that falls at dusk, latency that rises while hot. */
export function stagedCurves(url: URL) {
  const [from, to] = [Number(url.searchParams.get("from")), Number(url.searchParams.get("to"))];
  const bucketMs = to - from > 5 * 3_600_000 ? 3_600_000 : minuteMs;
  const start = Math.ceil(from / bucketMs) * bucketMs;
  const random = seededRandom(8);
  const isFleet = !url.searchParams.has("device");
  const length = Math.floor((to - start) / bucketMs);
  const points = Array.from({ length }, (_, index) => {
    const share = index / length;
    const isHot = share > 0.55 && share < 0.7;
    return {
      at: start + index * bucketMs,
      release: share < 0.45 ? v4 : v5,
      frames: Math.round((bucketMs / 1000) * 29.5 * (isFleet ? 24 : 1) * (isHot ? 0.8 : 1)),
      errors: 0,
      dropped: isHot ? Math.round((bucketMs / 1000) * 4 * (isFleet ? 24 : 1)) : 0,
      heads: {
        sign: { confidence: 0.93 - 0.18 * Math.sin(Math.min(1, share * 2) * 3.1) + 0.02 * random(), counts: [] },
      },
      latencyUs: { p50: isHot ? 1448 : 724, p95: isHot ? 5793 : 1448 },
    };
  });
  return { bucketMs, points };
}

const classes = ["speed 30", "speed 50", "stop", "yield", "no entry", "priority"] as const;

/** Prepared newest answers and samples of a device. */
export function stagedLatest(now: number, device: string) {
  const random = seededRandom(3);
  const predictions = Array.from({ length: 20 }, (_, index) => ({
    id: `e-${index}`,
    at: now - index * 33,
    release: v5,
    class: classes[Math.floor(random() * classes.length)]!,
    confidence: 0.5 + random() * 0.5,
    heads: {},
    track: null,
    decision: null,
    latencyUs: Math.round(600 + random() * 500),
  }));
  const samples = Array.from({ length: 12 }, (_, index) => ({
    id: `s_${device}_${index}`,
    at: now - index * 61_000,
    class: classes[index % classes.length]!,
    confidence: 0.42 + random() * 0.5,
    audit: index % 3 === 0,
    labels: index % 4 === 0 ? { sign: { class: classes[(index + 1) % classes.length]! } } : {},
  }));
  return { predictions, samples };
}
