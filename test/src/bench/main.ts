import { availableParallelism, cpus } from "node:os";
import { readOptions } from "../read-options.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { benches } from "./benches.ts";
import { benchTable } from "./table.ts";

const { values, positionals } = readOptions({
  json: { type: "boolean", default: false },
  full: { type: "boolean", default: false },
  only: { type: "string" },
  cycles: { type: "string" },
  seeds: { type: "string" },
});

const bench = benches.find(({ name }) => name === positionals[0]);
if (bench === undefined) {
  const list = benches.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join("\n");
  process.stderr.write(
    `Expected the name of a benchmark, got ${JSON.stringify(positionals[0] ?? "")}; choose one:\n${list}\n`,
  );
  process.exit(2);
}
await report(bench);

async function report({ name, run }: Bench): Promise<void> {
  const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, Node ${process.versions.node}`;
  const outcome = await run(options());
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: name, machine, ...outcome })}\n`);
  else process.stdout.write(benchTable(name, machine, outcome));
  process.exitCode = outcome.results.some(({ met }) => met === false) ? 1 : 0;
}

function options(): BenchOptions {
  return {
    full: values.full,
    only: values.only,
    cycles: values.cycles === undefined ? undefined : wholeNumber("--cycles", values.cycles),
    seeds: values.seeds?.split(",").map((seed) => wholeNumber("--seeds", seed)),
    log: (line) => process.stderr.write(`${line}\n`),
  };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  process.stderr.write(`Expected ${option} to be whole numbers, got ${JSON.stringify(text)}.\n`);
  process.exit(2);
}
