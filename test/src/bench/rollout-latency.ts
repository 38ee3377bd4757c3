import { setTimeout as delay } from "node:timers/promises";
import { until } from "../journeys/device-process.ts";
import { type Camera, RolloutFleet } from "../journeys/rollout-fleet.ts";
import { type Bench, type BenchOutcome, type BenchResult, quantile } from "./bench.ts";

const limitMs = 3000;

/** `npm run bench -- rollout-latency`: from one call to the first frame that a connected device answers by the new release. */
export const rolloutLatencyBench: Bench = {
  name: "rollout-latency",
  about: "from one command to the first prediction by the new release on a connected device (30 rollouts, about 4 min)",
  async run({ cycles = 30, log }): Promise<BenchOutcome> {
    const fleet = await RolloutFleet.start(1, 30);
    try {
      const there: number[] = [];
      const back: number[] = [];
      const hub: number[] = [];
      for (let cycle = 1; cycle <= cycles; cycle += 1) {
        const timed = await oneRollout(fleet, fleet.cameras[0]!);
        there.push(timed.thereMs);
        back.push(timed.backMs);
        hub.push(timed.hubMs);
        log(`rollout ${cycle}: first prediction after ${timed.thereMs} ms, back after ${timed.backMs} ms`);
      }
      return {
        results: [
          figure("first-prediction", "command to first prediction by the new release, p95", there),
          figure("hub", "of it, command to the wave's opening in the hub's tables, p95", hub),
          figure("back", "abort to first prediction by the old release again, p95", back),
        ],
        skipped: [],
      };
    } finally {
      await fleet.end();
    }
  },
};

type Timed = { readonly thereMs: number; readonly hubMs: number; readonly backMs: number };

async function oneRollout(fleet: RolloutFleet, camera: Camera): Promise<Timed> {
  const release = await fleet.goodRelease();
  const start = Date.now();
  const { id } = await fleet.client.startRollout({ release, group: "all", soakMs: 60_000 });
  await until("it answers by the new release", async () => camera.answered.has(release), 60_000);
  const thereMs = camera.answered.get(release)!.firstAt - start;
  const { waves } = await fleet.client.rollout(id);
  const hubMs = (waves[0]?.openedAt ?? Number.NaN) - start;
  const before = camera.answered.get(fleet.first)!.frames;
  await delay(300);
  const abortedAt = Date.now();
  const late = camera.answered.get(fleet.first)!.frames;
  await fleet.client.commandRollout(id, "abort");
  await until(
    "it answers by the old release again",
    async () => camera.answered.get(fleet.first)!.frames > Math.max(before, late),
    60_000,
  );
  return { thereMs, hubMs, backMs: Date.now() - abortedAt };
}

function figure(id: string, what: string, values: readonly number[]): BenchResult {
  const value = quantile(values, 0.95);
  return {
    id: `rollout-latency.${id}`,
    what,
    value,
    unit: "ms",
    goal: id === "first-prediction" ? `≤ ${limitMs}` : "printed",
    met: id === "first-prediction" ? value <= limitMs : null,
    n: values.length,
    note: `median ${quantile(values, 0.5)} ms, most ${Math.max(...values)} ms`,
  };
}
