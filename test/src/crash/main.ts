import { parseArgs } from "node:util";
import { killHub } from "./hub-kill.ts";
import { killJournal } from "./journal-kill.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: {
    cycles: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    subject: { type: "string", default: "journal" },
  },
});
if (values.subject === "hub") await proveHub();
else await proveJournal();

async function proveHub(): Promise<void> {
  const report = await killHub(Number(values.cycles), Number(values.seed));
  console.log(JSON.stringify({ proof: "kill", subject: "hub", ...report }));
  const { receipted, lost, duplicated, decisionsLost } = report;
  process.exitCode = receipted > 0 && lost + duplicated + decisionsLost === 0 ? 0 : 1;
}

async function proveJournal(): Promise<void> {
  const report = await killJournal(Number(values.cycles), Number(values.seed));
  console.log(JSON.stringify({ proof: "kill", subject: "journal", ...report }));
  process.exitCode = report.lost + report.reused === 0 && report.acknowledged > 0 ? 0 : 1;
}
