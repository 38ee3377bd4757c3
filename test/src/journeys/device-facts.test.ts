import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createHubClient, type HubClient, type RunningHub, startHub } from "@fieldloop/cloud-hub";
import { enrol, openRuntime, type Runtime, type RuntimeOptions } from "@fieldloop/edge-runtime";

const offsetMs = 2 * 60 * 60 * 1000;
let dir: string;
let hub: RunningHub;
let client: HubClient;
let runtime: Runtime;
const late: RuntimeOptions = {
  clock: () => Date.now() - offsetMs,
  temperatureC: () => 52.5,
  mostBackoffMs: 100,
  journal: { freeSpaceFloorBytes: 0 },
};

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-facts-"));
  hub = await startHub({ dataDir: join(dir, "hub"), listen: { httpPort: 0, mqttPort: 0 } });
  client = createHubClient({ url: hub.url, token: hub.token });
});
after(async () => {
  await runtime?.close();
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

type Device = Awaited<ReturnType<HubClient["device"]>>;

async function until(holds: (device: Device) => boolean): Promise<Device> {
  const end = Date.now() + 30_000;
  for (;;) {
    const device = await client.device("reader-1");
    if (holds(device)) return device;
    assert.ok(Date.now() < end, `waited in vain: ${JSON.stringify(device)}`);
    await sleep(50);
  }
}

test("a device with its clock two hours late is known for what it is, through its restart and its absence", async () => {
  const { code } = await client.addDevice({ device: "reader-1", profile: "x86-64" });
  assert.equal((await client.device("reader-1")).health.state, "unknown");
  const data = join(dir, "edge");
  await enrol(code, data, { profile: "x86-64" });
  runtime = await openRuntime(data, late);
  const device = await until(({ temperatureC }) => temperatureC !== null);
  assert.ok(Math.abs(device.clockOffsetMs - offsetMs) < 10_000, `${device.clockOffsetMs}`);
  assert.deepEqual([device.connected, device.temperatureC, device.health.state], [true, 52.5, "healthy"]);
  assert.match(device.health.sentence, /2 h behind the hub's/);
  assert.deepEqual(device.waiting, { records: 0, bytes: 0 });

  await runtime.close();
  const away = await until(({ connected }) => !connected);
  assert.ok(away.disconnectedAt !== null && Math.abs(away.disconnectedAt - Date.now()) < 30_000);
  runtime = await openRuntime(data, late);
  await until(({ connected }) => connected);
  const starts = async () => (await client.deviceTimeline("reader-1")).entries.filter(({ kind }) => kind === "start");
  const end = Date.now() + 10_000;
  while ((await starts()).length < 2 && Date.now() < end) await sleep(50);
  assert.equal((await starts()).length, 2);
  assert.equal((await client.device("reader-1")).health.state, "healthy", "one restart is no failure");
});
