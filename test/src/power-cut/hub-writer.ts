import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { digestOf, envelopeOf, fleet, imageOf, openHubSubject } from "./hub-subject.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    "no-sync": { type: "boolean", default: false },
    start: { type: "string", default: "0" },
  },
});
const store = await openHubSubject(values.dir!, { noSync: values["no-sync"] });
const epoch = Number(values.start).toString(16).padStart(16, "0");

/** What a device is told PUBACK for must be in the tables after any crash; so must what was decided. */
async function sendForever(device: string): Promise<void> {
  await store.decide("device", `${device} ${epoch}`, { device: `${device}-${epoch}` });
  writeSync(1, `ack device ${device}-${epoch} decided\n`);
  for (let seq = 1; ; seq += 5) {
    const payload = envelopeOf(device, epoch, seq, seq + 4);
    await store.store({ fleet, device, channel: "records", receivedAt: Date.now(), payload });
    const names = [0, 1, 2, 3, 4].map((offset) => seq + offset);
    writeSync(1, names.map((name) => `ack ${device} ${epoch} ${name} ${digestOf(imageOf(device, name))}\n`).join(""));
  }
}

writeSync(1, "ready\n");
await Promise.all(["cam-1", "cam-2", "cam-3", "cam-4"].map(sendForever));
