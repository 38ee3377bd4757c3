import { Command } from "commander";
import { HubError } from "../../errors.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { percent, print } from "../output.ts";

/** `fieldloop compile`: makes a version's variants and measures them. */
export const compileCommand = (): Command =>
  withConnection(new Command("compile"))
    .description("compile a version for every target and print the fit cards")
    .argument("<version>")
    .action(async (version: string, options: ConnectionOptions) => {
      const client = await connect(options);
      const { job } = await client.compile(version);
      const finished = await client.waitForJob(job);
      if (finished.state !== "done")
        throw new HubError("job-failed", finished.error ?? `Job ${job} ended as ${finished.state}.`);
      const { variants } = await client.version(version);
      print(options, variants, () =>
        variants.flatMap(({ target, fitCard }) => [
          `${target}: ${(fitCard.sizeBytes / 1024).toFixed(0)} KiB (${fitCard.sizeRatio.toFixed(2)}× fp32)`,
          `  accuracy ${percent(fitCard.accuracy)}, agreement with fp32 ${percent(fitCard.agreement)}`,
          fitCard.latency === null
            ? "  latency not measured"
            : `  latency p50 ${Math.round(fitCard.latency.p50Us)} µs, p95 ${Math.round(fitCard.latency.p95Us)} µs on ${fitCard.latency.machine.name}`,
        ]),
      );
    });
