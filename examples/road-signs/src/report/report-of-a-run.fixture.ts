import type { LoopReport } from "./loop-report.ts";

/** A whole report as a good run writes it, for tests to vary. */
export function reportOfARun(): LoopReport {
  const figure = (value: number, n: number) => ({ value, low: value - 0.04, high: value + 0.04, n });
  const refusal = (what: string) => ({ what, refused: true, code: "digest-mismatch", reason: `refused: ${what}` });
  const wave = (number: number, state: string, ms: number | null) => ({
    number,
    state,
    devices: [`camera-${number}`],
    ms,
    sentence: state,
    rules: [],
  });
  return {
    data: "rendered",
    seed: 0,
    outcome: "released",
    accuracy: {
      fieldBefore: figure(0.641, 500),
      fieldAfter: figure(0.831, 500),
      fieldAfterUniform: null,
      fieldAllLabels: null,
      fieldAudited: figure(0.62, 80),
      fieldNearestCentroid: null,
      oldBefore: figure(0.951, 600),
      oldAfter: figure(0.955, 600),
      fieldGain: figure(0.19, 500),
      oldGain: figure(0.004, 600),
    },
    drift: { before: 0.08, after: 0.92, threshold: 0.3, windowsToAlarm: 3 },
    labels: { used: 100, audit: 80, pool: 1600, machine: 412, machineRight: 405 },
    gate: { passed: true, rules: ["better on audited frames", "not worse on old validation tracks"] },
    variants: [
      {
        target: "ort-cpu-int8",
        components: { backbone: `sha256:${"a".repeat(64)}` },
        accuracy: figure(0.95, 71),
        agreement: figure(0.95, 71),
        difference: figure(-0.001, 71),
        latency: null,
        sizeBytes: 120_000,
        sizeRatio: 0.3,
        peakMemoryBytes: null,
      },
    ],
    devices: [{ device: "camera-north", profile: "x86-64", simulated: false, target: "ort-cpu-x86" }],
    waves: [wave(1, "healthy", 11_200), wave(2, "healthy", 10_900)],
    brokenRelease: {
      framesAnswered: 0,
      state: "stopped",
      cause: "cannot-start",
      reason: "camera-north refused it",
      waves: [wave(1, "stopped", 900), wave(2, "waiting", null)],
    },
    badRelease: {
      devicesReached: 1,
      predictions: 310,
      stoppedMs: 9_400,
      rolledBackMs: 9_900,
      state: "stopped",
      cause: "harm",
      reason: "confidence fell",
      waves: [wave(1, "stopped", 10_100), wave(2, "waiting", null)],
    },
    refusedReleases: ["flipped byte", "wrong key", "other profile", "golden samples", "replay"].map(refusal),
    swap: { frames: 340, unanswered: 0 },
    bytes: { up: 1_840_000, down: 412_000 },
    releases: { v1: `sha256:${"1".repeat(64)}`, v2: `sha256:${"2".repeat(64)}` },
    steps: [{ number: 1, title: "Bootstrap", figures: ["old 95.1 %"], seconds: 21.4 }],
  };
}
