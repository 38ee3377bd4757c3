import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { uplinkTopic } from "@fieldloop/devices";
import { askStatus, type Identity, readIdentity } from "@fieldloop/edge-runtime";
import { hostileImages } from "@fieldloop/edge-runtime/testing";
import mqtt, { type MqttClient } from "mqtt";
import { runCommand, startCommand } from "./command.ts";
import { enrolDevice, until } from "./device-process.ts";
import { type HubProcess, hubArguments, startHubProcess } from "./hub-process.ts";
import { smallItems } from "./small-world.ts";

let root: string;
let hub: HubProcess;
let identity: Identity;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldloop-bad-"));
  hub = await startHubProcess(join(root, "hub"));
  await enrolDevice(hub.client, "reader-1", join(root, "edge"));
  identity = await readIdentity(join(root, "edge"));
});
after(async () => {
  await hub?.command.end("SIGTERM");
  await rm(root, { recursive: true, force: true });
});

test("a second hub on one data folder is refused and the first goes on", async () => {
  const second = await runCommand("fieldloop", hubArguments(join(root, "hub")));
  assert.deepEqual([second.code, second.out], [1, ""]);
  assert.match(second.err, /^fieldloop: Expected to be the only hub on .*; stop that one first\.\n$/);
  assert.equal((await hub.client.health()).ok, true);
});

test("a busy port is named, with the option that changes it", async () => {
  const port = new URL(hub.url).port;
  const args = ["hub", "--data", join(root, "other"), "--port", port, "--mqtt-port", "0"];
  const busy = await runCommand("fieldloop", args);
  assert.deepEqual([busy.code, busy.out], [1, ""]);
  assert.match(
    busy.err,
    new RegExp(`^fieldloop: Expected HTTP port ${port} on 127\\.0\\.0\\.1 to be free.*--port.*\\n$`),
  );
});

test("a device with a wrong credential is refused, says so, and keeps what it has", async () => {
  const path = join(root, "edge", "identity.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(identity.credential, "x".repeat(identity.credential.length)));
  const device = startCommand("fieldloop-edge", ["run", "--source", "-", "--data", join(root, "edge")]);
  const lastError = async () => (await askStatus(join(root, "edge")))?.uplink?.lastError ?? "";
  await until("the device was refused", async () => (await lastError()) !== "");
  assert.match(await lastError(), /refused|[Nn]ot authorized|credential/);
  await device.end("SIGTERM");
  await writeFile(path, text);
});

test("truncated, alien and foreign messages reach nothing, and the hub goes on serving", async () => {
  await cutOff(Buffer.from("GET / HTTP/1.1\r\nHost: hub\r\n\r\n"));
  await cutOff(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
  await assert.rejects(connected("wrong"), /[Nn]ot authorized/);
  for (const [topic, payload] of [
    [uplinkTopic(identity.fleet, "reader-1", "records"), Buffer.from([0xa1, 0x61])],
    [uplinkTopic(identity.fleet, "reader-1", "hello"), Buffer.from("no hello")],
    [uplinkTopic(identity.fleet, "reader-2", "records"), Buffer.from([0xa0])],
    ["$SYS/anything", Buffer.from("x")],
  ] as const) {
    const client = await connected(identity.credential);
    const closed = new Promise<void>((resolve) => client.once("close", resolve));
    await Promise.race([client.publishAsync(topic, payload, { qos: 1 }).catch(() => undefined), closed]);
    await client.endAsync(true);
  }
  const device = startCommand("fieldloop-edge", ["run", "--source", "-", "--data", join(root, "edge")]);
  await until("the device said hello", async () => (await hub.client.device("reader-1")).reported !== null);
  await device.end("SIGTERM");
  assert.equal((await hub.client.samples({ source: "device" })).samples.length, 0);
});

test("a huge image is refused with its sentence on import, and others are taken", async () => {
  const [item, other] = await smallItems(2, "fine");
  for (const { name, bytes } of (await hostileImages()).filter(({ bytes }) => bytes.byteLength < 6 * 1024 * 1024)) {
    const bad = { ...item!, key: `bad/${name}`, image: bytes };
    await assert.rejects(hub.client.importSamples([bad]), { name: "HubError", message: /\w{3,}.*\.$/s }, name);
  }
  assert.deepEqual(await hub.client.importSamples([item!, other!]), { imported: 2, skipped: 0 });
  assert.equal((await hub.client.samples({ source: "import" })).samples.length, 2);
});

test("a hub that Ctrl-C stopped goes on where it was, on the same ports", async () => {
  const { url, mqttUrl } = hub;
  const before = { devices: await hub.client.devices(), samples: await hub.client.samples({}) };
  assert.equal((await hub.command.end("SIGINT")).code, 0);
  hub = await startHubProcess(join(root, "hub"));
  assert.deepEqual([hub.url, hub.mqttUrl], [url, mqttUrl]);
  assert.deepEqual({ devices: await hub.client.devices(), samples: await hub.client.samples({}) }, before);
});

/** Sends bytes to the broker's port and waits until it cuts the connection. */
async function cutOff(bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(hub.mqttUrl);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  socket.write(bytes);
  socket.resume();
  await once(socket, "close");
}

async function connected(password: string): Promise<MqttClient> {
  const { fleet, device } = identity;
  const options = { clientId: device, username: `${fleet}/${device}`, password, reconnectPeriod: 0 };
  const client = await mqtt.connectAsync(hub.mqttUrl, options);
  client.on("error", () => undefined);
  return client;
}
