import { writeFile } from "node:fs/promises";
import type { LoopReport } from "../report/loop-report.ts";
import { reportJson } from "../report/report-json.ts";
import type { LoopResults } from "./loop-results.ts";
import type { DemoOptions } from "./options.ts";

/** Per-image outcomes of the tests, in the order of the data set: what pools seeds. */
export type Units = {
  readonly field: Readonly<Record<"before" | "after" | "uniform" | "allLabels", readonly boolean[] | null>>;
  readonly old: Readonly<Record<"before" | "after", readonly boolean[]>>;
};

/** Writes what `--report` and `--units` asked for. */
export async function writeReports(options: DemoOptions, report: LoopReport, results: LoopResults): Promise<void> {
  if (options.report !== undefined) await writeFile(options.report, reportJson(report));
  if (options.units !== undefined) await writeFile(options.units, `${JSON.stringify(unitsOf(results))}\n`);
}

function unitsOf({ tests, compared }: LoopResults): Units {
  return {
    field: {
      ...tests.field.outcomes,
      uniform: compared?.uniform.outcomes ?? null,
      allLabels: compared?.allLabels.outcomes ?? null,
    },
    old: tests.old.outcomes,
  };
}
