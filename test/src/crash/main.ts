import { parseArgs } from "node:util";
import { killJournal } from "./journal-kill.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: { cycles: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
});
const report = await killJournal(Number(values.cycles), Number(values.seed));
console.log(JSON.stringify({ proof: "kill", subject: "journal", ...report }));
process.exitCode = report.lost + report.reused === 0 && report.acknowledged > 0 ? 0 : 1;
