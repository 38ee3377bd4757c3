import { parseArgs } from "node:util";
import { cutCycles } from "./cut-cycles.ts";
import { machines, subjects } from "./subjects.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: {
    cycles: { type: "string", default: "20" },
    subject: { type: "string", default: "edge" },
    seed: { type: "string", default: "1" },
    "no-sync": { type: "boolean", default: false },
  },
});

const subject = subjects[values.subject];
const why =
  subject === undefined
    ? `expected a subject among ${Object.keys(subjects).join(", ")}, but got ${values.subject}`
    : machines[subject.machine].why();
if (subject === undefined || why !== undefined) {
  console.error(`power-cut: ${why}`);
  process.exitCode = 2;
} else {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const started = performance.now();
  const noSync = values["no-sync"];
  const report = await cutCycles({
    subject,
    cycles: Number(values.cycles),
    seed: Number(values.seed),
    noSync,
    onCycle: ({ cycles, acknowledged, lost, unreadable }) =>
      console.error(`cycle ${cycles}: ${acknowledged} acknowledged, ${lost} lost, ${unreadable} unreadable`),
  });
  const secondsPerCycle = (performance.now() - started) / 1000 / report.cycles;
  console.log(JSON.stringify({ proof: "power-cut", subject: values.subject, noSync, ...report, secondsPerCycle }));
  const lostSome = report.lost + report.unreadable > 0;
  process.exitCode = report.acknowledged > 0 && report.reused === 0 && lostSome === noSync ? 0 : 1;
}
