import { killHubAndEdge } from "../crash/fleet-kill.ts";
import { killJournal } from "../crash/journal-kill.ts";
import type { Bench, BenchOutcome, BenchResult } from "./bench.ts";

/** `npm run bench -- crash`: kills hub and device at random moments while frames stream; `--cycles N` instead of 30. */
export const crashBench: Bench = {
  name: "crash",
  about: "kill -9 of the hub and of the device while frames stream (30 cycles)",
  async run({ cycles = 30, log }): Promise<BenchOutcome> {
    const fleet = await killHubAndEdge(cycles, 1, log);
    log("the journal alone, while it evicts and is released");
    const journal = await killJournal(cycles, 1);
    const kills = `${fleet.kills.hub} × hub, ${fleet.kills.edge} × device, ${fleet.kills.both} × both`;
    const none = (id: string, what: string, value: number, note: string): BenchResult => {
      return {
        id: `crash.${id}`,
        what,
        value,
        unit: "records",
        goal: "0",
        met: value === 0,
        n: fleet.acknowledged,
        note,
      };
    };
    return {
      results: [
        {
          id: "crash.acknowledged",
          what: "records that the device had stored and imports that the hub had answered",
          value: fleet.acknowledged,
          unit: "records",
          goal: "> 1000 per 30 cycles",
          met: fleet.acknowledged > (1000 * cycles) / 30,
          n: cycles,
          note: `${fleet.answeredImports} imports; kills: ${kills}`,
        },
        none(
          "lost",
          "acknowledged, but neither in the tables nor named by a gap",
          fleet.lost,
          `${fleet.evicted} named by gaps`,
        ),
        none("duplicated", "frames with two samples, or sample records without exactly one row", fleet.duplicated, ""),
        none("refused", "records that the hub set aside as unfit or contradicting", fleet.quarantined, ""),
        none("unreadable", "samples whose image does not read back", fleet.unreadable, ""),
        none("undrained", "records that the device still held when it had had time", fleet.undrained, ""),
        {
          ...none(
            "journal-lost",
            "lost by a device's journal that is killed while it evicts",
            journal.lost + journal.reused,
            "",
          ),
          n: journal.acknowledged,
          note: `${journal.evicted} evicted or released and told`,
        },
      ],
      skipped: [],
    };
  },
};
