import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { acknowledgement, openSubject, payloadOf } from "./journal-subject.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    "no-sync": { type: "boolean", default: false },
    start: { type: "string", default: "0" },
  },
});
const journal = await openSubject(values.dir!, values["no-sync"] ? "none" : undefined);
// Whoever starts this has taken note of the gaps told so far.
await journal.release("control", journal.lastSeq("control"));
const lanes = ["samples", "samples", "audit", "samples", "control", "samples", "samples", "audit"];
let count = Number(values.start);

async function appendForever(): Promise<void> {
  for (;;) {
    count += 1;
    const lane = lanes[count % lanes.length]!;
    const payload = payloadOf(lane, count);
    const { seq } = await journal.append(lane, { kind: "proof", at: count, priority: count % 7, payload });
    writeSync(1, acknowledgement(lane, seq, payload));
    if (lane === "audit" && seq % 50 === 0) await journal.release(lane, seq - 25);
  }
}

writeSync(1, "ready\n");
await Promise.all(Array.from({ length: 24 }, appendForever));
