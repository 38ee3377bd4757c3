import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { acknowledgement, deviceLanes, openSubject, payloadOf } from "./journal-subject.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    "no-sync": { type: "boolean", default: false },
    start: { type: "string", default: "0" },
  },
});
const journal = await openSubject(values.dir!, values["no-sync"] ? "none" : undefined);
const lanes = Object.keys(deviceLanes());
let count = Number(values.start);

async function append(): Promise<void> {
  for (;;) {
    count += 1;
    const lane = lanes[count % lanes.length]!;
    const payload = payloadOf(lane, count);
    const { seq } = await journal.append(lane, { kind: "proof", at: count, priority: count % 7, payload });
    writeSync(1, acknowledgement(lane, seq, payload));
  }
}

writeSync(1, "ready\n");
await Promise.all(Array.from({ length: 8 }, append));
