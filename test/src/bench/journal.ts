import { measureJournal } from "@fieldloop/edge-runtime/journal";
import type { Bench, BenchOutcome } from "./bench.ts";

/** `npm run bench -- journal`: records per second of the journal beside plain Level on the same disk. */
export const journalBench: Bench = {
  name: "journal",
  about: "appends of 1 kB and 50 kB, synced and not, beside plain Level on the same disk",
  async run({ full }): Promise<BenchOutcome> {
    const figures = await measureJournal({ rounds: full ? 5 : 3 });
    const results = figures.map(({ id, ...figure }) => {
      const isOurs = id.startsWith("journal-");
      const level = figures.find((other) => other.id === id.replace("journal-", "level-"));
      const note = isOurs && level !== undefined ? `${(figure.value / level.value).toFixed(2)} × Level` : "";
      return { id: `journal.${id}`, ...figure, goal: "printed", met: null, note };
    });
    return { results, skipped: [] };
  },
};
