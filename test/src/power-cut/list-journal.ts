import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { contentOf } from "../crash/journal-subject.ts";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
for (const [name, digest] of await contentOf(values.dir!)) writeSync(1, `held ${name} ${digest}\n`);
