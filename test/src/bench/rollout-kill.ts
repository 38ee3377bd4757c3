import { killRollouts } from "../crash/rollout-kill.ts";
import type { Bench, BenchOutcome, BenchResult } from "./bench.ts";

/** `npm run bench -- rollout-kill`: kills hub or device once in each of 30 rollouts; `--cycles N` instead. */
export const rolloutKillBench: Bench = {
  name: "rollout-kill",
  about: "kill -9 of hub or device at random moments of rollouts (30 cycles, about 15 min)",
  async run({ cycles = 30, seeds, log }): Promise<BenchOutcome> {
    const report = await killRollouts(cycles, seeds?.[0] ?? 1, log);
    for (const sentence of report.wrong) log(sentence);
    const how = Object.entries(report.ended).map(([end, count]) => `${count} × ${end}`);
    const none = (id: string, what: string, value: number, unit: string, note = ""): BenchResult => ({
      id: `rollout-kill.${id}`,
      what,
      value,
      unit,
      goal: "0",
      met: value === 0,
      n: cycles,
      note,
    });
    const kills = `${report.kills.hub} × hub, ${report.kills.device} × device`;
    return {
      results: [
        none(
          "wrong",
          "rollouts that did not end as their rules demand",
          report.wrong.length,
          "rollouts",
          `${how.join(", ")}; kills: ${kills}`,
        ),
        none("without", "devices seen without a release afterwards", report.without, "devices"),
        none(
          "broken-frames",
          "frames that a release that cannot start answered anywhere",
          report.brokenFrames,
          "frames",
        ),
      ],
      skipped: [],
    };
  },
};
