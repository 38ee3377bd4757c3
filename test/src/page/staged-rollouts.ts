import type { Rollout, Verdict, Wave } from "@fieldloop/cloud-hub";
import { digestNamed } from "./staged-releases.ts";

const [v5, v4, v3] = [digestNamed("v5"), digestNamed("v4"), digestNamed("v3")];
const minuteMs = 60_000;

type RuleVerdict = Verdict["rules"][number];
type WaveDevice = Wave["devices"][number];

const device = (index: number, state: WaveDevice["state"], now: number, reason: string | null = null): WaveDevice => ({
  device: `reader-${String(index).padStart(2, "0")}`,
  profile: index % 3 === 2 ? "raspberry-pi-4" : "x86-64",
  state,
  previous: v4,
  number: 4,
  offeredAt: state === "waiting" ? null : now - 6 * minuteMs,
  firstPredictionAt: state === "running" ? now - 5 * minuteMs : null,
  returnedAt: state === "returned" ? now - minuteMs : null,
  reason,
});

const rule = (change: Partial<RuleVerdict> & Pick<RuleVerdict, "rule" | "title">): RuleVerdict => ({
  verdict: "healthy",
  value: 0.004,
  low: -0.02,
  high: 0.031,
  unit: "confidence lost",
  harmAbove: 0.03,
  healthyBelow: 0.3,
  n: 5_400,
  devices: { treated: 3, control: 23 },
  spread: { value: 0.012, from: "history", n: 22 },
  sentence: "",
  ...change,
});

const goodRules: readonly RuleVerdict[] = [
  rule({
    rule: "confidence",
    title: "Confidence",
    sentence:
      "Confidence: the new release is 0.4 points less sure than its own past and the devices still on the old one: no harm.",
  }),
  rule({
    rule: "mix",
    title: "Prediction mix",
    value: 0.02,
    low: -0.05,
    high: 0.11,
    harmAbove: 0.15,
    healthyBelow: 0.6,
    unit: "total variation",
    sentence: "Prediction mix: what it sees differs by 0.02 from the release’s reference: no harm.",
  }),
  rule({
    rule: "errors",
    title: "Errors",
    value: 0,
    low: -0.001,
    high: 0.002,
    harmAbove: 0.005,
    healthyBelow: 0.05,
    unit: "share of frames",
    sentence: "Errors: none in 5400 frames.",
  }),
  rule({
    rule: "drops",
    title: "Dropped frames",
    value: 0.001,
    low: -0.004,
    high: 0.007,
    harmAbove: 0.05,
    healthyBelow: 0.25,
    unit: "share of frames",
    sentence: "Dropped frames: as before.",
  }),
  rule({
    rule: "latency",
    title: "Latency",
    value: 0.02,
    low: -0.1,
    high: 0.16,
    harmAbove: 0.2,
    healthyBelow: 2,
    unit: "times slower",
    sentence: "Latency: 2 % slower than before.",
  }),
  rule({
    rule: "restarts",
    title: "Restarts",
    verdict: "too-little-data",
    value: 0,
    low: -1.2,
    high: 9.6,
    harmAbove: 1,
    healthyBelow: 6,
    unit: "per device and hour",
    spread: { value: 0.6, from: "prior", n: 0 },
    sentence: "Restarts: none yet, but in too short a time to tell.",
  }),
  rule({
    rule: "outcomes",
    title: "Bad outcomes",
    verdict: "too-little-data",
    value: null,
    low: null,
    high: null,
    n: 0,
    harmAbove: 0.02,
    healthyBelow: 0.25,
    unit: "share of outcomes",
    spread: { value: 0.02, from: "prior", n: 0 },
    sentence: "Bad outcomes: no outcome was reported yet.",
  }),
];

const badRules: readonly RuleVerdict[] = [
  rule({
    rule: "confidence",
    title: "Confidence",
    verdict: "harm",
    value: 0.31,
    low: 0.19,
    high: 0.46,
    sentence:
      "Confidence: the new release is 31 points less sure than the devices still on the old one; even the lower bound of 19 points is harm.",
  }),
  ...goodRules.slice(1),
];

const wave = (
  number: number,
  share: string,
  state: Wave["state"],
  devices: readonly WaveDevice[],
  now: number,
  verdict: Wave["verdict"],
): Wave => ({
  number,
  share,
  state,
  openedAt: state === "waiting" ? null : now - (10 - number * 3) * minuteMs,
  decidedAt: state === "healthy" || state === "stopped" ? now - (8 - number * 3) * minuteMs : null,
  devices: [...devices],
  verdict,
});

const span = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Prepared rollouts: one in its second wave, one stopped for harm, one that could not start, a paused one of many devices. */
export function stagedRollouts(now: number): readonly Omit<Rollout, "gate">[] {
  const base = {
    group: "gates",
    previous: {},
    by: "ada",
    resumedAt: now - 12 * minuteMs,
    endedAt: null,
    cause: null,
    soakMs: 15 * minuteMs,
    longestSoakMs: 120 * minuteMs,
    step: 4,
  } as const;
  const healthyVerdict = {
    decision: "healthy",
    at: now - 5 * minuteMs,
    sentence: "Every rule is healthy and the least soak of 15 min has passed.",
    rules: [...goodRules.slice(0, 5)],
  } as const;
  return [
    {
      ...base,
      id: "o_running",
      release: v5,
      state: "running",
      createdAt: now - 12 * minuteMs,
      reason: "Wave 2 is open: 3 of 4 devices answer by the new release; waiting for the least soak of 15 min.",
      waves: [
        wave(1, "1", "healthy", [device(4, "running", now)], now, {
          ...healthyVerdict,
          rules: [...healthyVerdict.rules],
        }),
        wave(
          2,
          "40%",
          "open",
          [device(5, "running", now), device(6, "running", now), device(7, "offered", now), device(8, "running", now)],
          now,
          {
            decision: "wait",
            at: now - 4000,
            sentence: "No harm was found, but there is too little data on restarts, bad outcomes.",
            rules: [...goodRules],
          },
        ),
        wave(
          3,
          "100%",
          "waiting",
          span(9, 16).map((index) => device(index, "waiting", now)),
          now,
          null,
        ),
      ],
      steps: [
        {
          step: 1,
          at: now - 12 * minuteMs,
          kind: "start",
          sentence: "Started for 12 devices of group gates in 3 waves.",
          by: "ada",
        },
        {
          step: 2,
          at: now - 12 * minuteMs + 800,
          kind: "open-wave",
          sentence: "Wave 1 opens: 1 device is asked.",
          by: null,
        },
        {
          step: 3,
          at: now - 5 * minuteMs,
          kind: "healthy",
          sentence: "Wave 1 is healthy: every rule is healthy and the least soak has passed.",
          by: null,
        },
        {
          step: 4,
          at: now - 4 * minuteMs,
          kind: "open-wave",
          sentence: "Wave 2 opens: 4 devices are asked.",
          by: null,
        },
      ],
    },
    {
      ...base,
      id: "o_harm",
      release: v4,
      group: "yard",
      state: "stopped",
      cause: "harm",
      createdAt: now - 190 * minuteMs,
      endedAt: now - 184 * minuteMs,
      reason:
        "Stopped in wave 1 for harm: confidence fell by 31 points (19 to 46, n = 5400, 3 devices against 23). 3 devices went back to their previous release; devices of wave 2 were never asked.",
      waves: [
        wave(
          1,
          "3",
          "stopped",
          [
            device(0, "returned", now),
            device(1, "returned", now),
            device(2, "refused", now, "golden-failed: 3 of 64 golden samples differ"),
          ],
          now,
          {
            decision: "harm",
            at: now - 184 * minuteMs,
            sentence: "Confidence shows harm.",
            rules: [...badRules],
          },
        ),
        wave(2, "100%", "waiting", [device(3, "waiting", now)], now, null),
      ],
      steps: [
        {
          step: 1,
          at: now - 190 * minuteMs,
          kind: "start",
          sentence: "Started for 4 devices of group yard in 2 waves.",
          by: "grace",
        },
        {
          step: 2,
          at: now - 184 * minuteMs,
          kind: "stop",
          sentence: "Stopped for harm: confidence fell by 31 points.",
          by: null,
        },
      ],
    },
    {
      ...base,
      id: "o_paused",
      release: v3,
      group: "all",
      state: "paused",
      createdAt: now - 26 * 60 * minuteMs,
      reason: "Paused by ada: the harbour closes at noon.",
      waves: [
        wave(
          1,
          "8",
          "healthy",
          span(100, 108).map((index) => device(index, "running", now)),
          now,
          null,
        ),
        wave(
          2,
          "25%",
          "open",
          span(200, 440).map((index) =>
            device(index, index % 17 === 0 ? "offered" : index % 41 === 0 ? "refused" : "running", now),
          ),
          now,
          {
            decision: "wait",
            at: now - 20 * minuteMs,
            sentence: "The least soak has not passed yet.",
            rules: [...goodRules],
          },
        ),
        wave(
          3,
          "100%",
          "waiting",
          span(1000, 1752).map((index) => device(index, "waiting", now)),
          now,
          null,
        ),
      ],
      steps: [
        {
          step: 1,
          at: now - 26 * 60 * minuteMs,
          kind: "start",
          sentence: "Started for 1000 devices in 3 waves.",
          by: "ada",
        },
      ],
    },
    {
      ...base,
      id: "o_done",
      release: v3,
      state: "completed",
      createdAt: now - 50 * 60 * minuteMs,
      endedAt: now - 49 * 60 * minuteMs,
      reason: "Completed: 12 devices run it.",
      waves: [
        wave(1, "1", "healthy", [device(4, "running", now)], now, null),
        wave(
          2,
          "100%",
          "healthy",
          span(5, 16).map((index) => device(index, "running", now)),
          now,
          null,
        ),
      ],
      steps: [
        {
          step: 1,
          at: now - 49 * 60 * minuteMs,
          kind: "complete",
          sentence: "Completed: 12 devices run it.",
          by: null,
        },
      ],
    },
  ];
}
