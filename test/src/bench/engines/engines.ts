import type { Bench, BenchOutcome } from "../bench.ts";
import { engineParts } from "./parts.ts";

/** `npm run bench -- engines`: every engine, target and trainer against its peers; `--only ID` runs one part. */
export const enginesBench: Bench = {
  name: "engines",
  about: "graphs in, targets out, engines and trainers, each against its peer; --only ID runs one part",
  async run(options): Promise<BenchOutcome> {
    const chosen = engineParts.filter(({ name }) => options.only === undefined || name === options.only);
    const outcomes: BenchOutcome[] = [];
    for (const { name, about, run } of chosen) {
      options.log(`${name}: ${about}`);
      outcomes.push(await run(options));
    }
    return {
      results: outcomes.flatMap(({ results }) => results),
      skipped: outcomes.flatMap(({ skipped }) => skipped),
    };
  },
};
