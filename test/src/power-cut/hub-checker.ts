import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { digestOf, openHubSubject } from "./hub-subject.ts";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
const store = await openHubSubject(values.dir!);
await store.idle();

const devices = await store.db.query<{ device: string }>("select device from devices");
for (const { device } of devices.rows) writeSync(1, `held device ${device} decided\n`);

const samples = await store.db.query<{ device: string; epoch: string; seq: number; blob: string }>(
  "select device, epoch, seq, blob from samples order by device, epoch, seq",
);
for (const { device, epoch, seq, blob } of samples.rows) {
  writeSync(1, `held ${device} ${epoch} ${seq} ${digestOf(await store.blobs.get(blob))}\n`);
}
await store.close();
