import { stagedCurves, stagedDevices, stagedLatest, stagedTimeline } from "./staged-devices.ts";
import { stagedModels } from "./staged-models.ts";
import { stagedReleases } from "./staged-releases.ts";
import { stagedRollouts } from "./staged-rollouts.ts";
import { stagedSamples } from "./staged-samples.ts";

/** What the staged hub answers. read: an answer by address, undefined for none */
export type Answers = {
  session: unknown;
  readonly read: (url: URL, isEmpty: boolean) => unknown;
};

/** Prepared answers as if it were `now`. */
export function answersOf(now: number): Answers {
  const devices = stagedDevices(now);
  const rollouts = stagedRollouts(now);
  const releases = stagedReleases(now);
  const samples = stagedSamples(now);
  const models = stagedModels(now);
  return {
    session: { person: { name: "ada", role: "admin" }, role: "admin", fleet: "main", version: "0.1.0" },
    read: (url, isEmpty) => {
      const [, , kind, id, part] = url.pathname.split("/").map(decodeURIComponent);
      if (kind === "overview") return isEmpty ? emptyOverview(now) : overview(now, releases.list[0]!.digest);
      if (kind === "devices" && id === undefined) return { devices: isEmpty ? [] : devices };
      if (kind === "devices") {
        const device = devices.find((one) => one.device === id);
        if (device === undefined) return undefined;
        if (part === "timeline") return stagedTimeline(now, url, isEmpty);
        if (part === "latest") return isEmpty ? { predictions: [], samples: [] } : stagedLatest(now, device.device);
        return device;
      }
      if (kind === "curves") return isEmpty ? { bucketMs: 60_000, points: [] } : stagedCurves(url);
      if (kind === "samples") return samples.read(id, part, url, isEmpty);
      if (kind === "labels" && id === "heads") return isEmpty ? { heads: [], authors: [] } : models.heads;
      if (kind === "labels") return { labels: isEmpty ? [] : samples.history(url.searchParams.get("sample") ?? "") };
      if (kind === "queue") return isEmpty ? { items: [], candidates: 0, until: now } : samples.queue();
      if (kind === "snapshots") return models.snapshot(id ?? "");
      if (kind === "runs" && part === "curves") return models.curves(id ?? "");
      if (kind === "runs") return { runs: isEmpty ? [] : models.runs };
      if (kind === "versions") return { versions: isEmpty ? [] : models.versions };
      if (kind === "evaluations" && id === undefined) return { evaluations: isEmpty ? [] : models.evaluations };
      if (kind === "evaluations") return models.evaluation(id ?? "");
      if (kind === "lineage") return id === "sample" ? samples.lineage(part ?? "") : models.lineage();
      if (kind === "rollouts" && id === undefined) return { rollouts: isEmpty ? [] : rollouts };
      if (kind === "rollouts") return rollouts.find((one) => one.id === id);
      if (kind === "releases" && id === undefined) return { releases: isEmpty ? [] : releases.list };
      if (kind === "releases") return releases.whole(id ?? "");
      return undefined;
    },
  };
}

function overview(now: number, latest: string) {
  return {
    at: now,
    since: now - 86_400_000,
    devices: { total: 26, connected: 24, unhealthy: 2 },
    samples: { total: 18_421, waiting: 312, today: 1_204 },
    drift: { state: "alarm", device: "reader-07", score: 2.84, threshold: 1, frames: 900, devices: 24 },
    labels: { total: 2_306, people: 3, today: 148 },
    runs: { running: 1, finished: 7 },
    releases: { total: 5, latest, latestAt: now - 3_600_000 },
    rollouts: { running: 1 },
  };
}

function emptyOverview(now: number) {
  return {
    at: now,
    since: now,
    devices: { total: 0, connected: 0, unhealthy: 0 },
    samples: { total: 0, waiting: 0, today: 0 },
    drift: { state: "unknown", device: null, score: null, threshold: 1, frames: 0, devices: 0 },
    labels: { total: 0, people: 0, today: 0 },
    runs: { running: 0, finished: 0 },
    releases: { total: 0, latest: null, latestAt: null },
    rollouts: { running: 0 },
  };
}

const hues = [8, 210, 46, 140, 265] as const;

/** A drawn road sign for a sample's address. */
export function imageOf(path: string): string {
  const seed = [...path].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  const hue = hues[seed % hues.length];
  const light = 30 + (seed % 40);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="hsl(200 12% ${light * 0.6}%)"/><circle cx="16" cy="16" r="11" fill="hsl(${hue} 70% ${light}%)"/><circle cx="16" cy="16" r="7" fill="hsl(40 20% ${light + 25}%)"/><text x="16" y="19.5" font-size="9" font-family="sans-serif" text-anchor="middle" fill="#111">${(seed % 9) * 10 + 20}</text></svg>`;
}
