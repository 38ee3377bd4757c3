import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { brief, percent, print } from "../output.ts";
import { parseQuery } from "../query-text.ts";

type EvaluateOptions = ConnectionOptions & { query: string; weightByInclusion?: boolean; gate?: boolean };

/** `fieldloop evaluate`: how right versions are on labelled samples; with two versions, their paired difference. */
export const evaluateCommand = (): Command =>
  withConnection(new Command("evaluate"))
    .description("compare versions on labelled samples; with --gate, ask whether the second may replace the first")
    .argument("<versions...>", "one version, or the incumbent and the candidate")
    .option("--query <text>", "labelled samples to judge on; for --gate the old validation samples", "split=val")
    .option("--weight-by-inclusion", "weight samples by their inverse inclusion probability")
    .option("--gate", "judge the two rules of the gate")
    .action(async (versions: string[], options: EvaluateOptions) => {
      const client = await connect(options);
      const query = parseQuery(options.query);
      const [incumbent = "", candidate = ""] = versions;
      if (options.gate) {
        const verdict = await client.gate({ candidate, incumbent, old: query });
        print(options, verdict, () => [
          ...verdict.rules.map((rule) => `${rule.passed ? "passed" : "failed"}: ${rule.sentence}`),
          verdict.passed ? "The candidate may be released." : "The candidate may not be released.",
        ]);
        if (!verdict.passed) process.exitCode = 3;
        return;
      }
      const result = await client.evaluate({ versions, query, weightByInclusion: options.weightByInclusion });
      print(options, result, () => [
        ...result.versions.flatMap((each) =>
          Object.entries(each.heads).map(
            ([head, { accuracy }]) => `${brief(each.version)}  ${head}  ${percent(accuracy)}`,
          ),
        ),
        ...Object.entries(result.difference ?? {}).map(([head, figure]) => `difference  ${head}  ${percent(figure)}`),
      ]);
    });
