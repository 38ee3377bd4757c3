import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { accountOf } from "../crash/journal-subject.ts";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
for (const line of await accountOf(values.dir!)) writeSync(1, `${line}\n`);
