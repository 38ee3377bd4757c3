import assert from "node:assert/strict";
import { connect as connectSocket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt, { type MqttClient } from "mqtt";
import { type Broker, startBroker, type UplinkMessage } from "./broker.ts";

const stored: UplinkMessage[] = [];
let release: (() => void) | undefined;
let broker: Broker;

before(async () => {
  broker = await startBroker({
    host: "127.0.0.1",
    port: 0,
    check: async ({ device, credential }) => credential === `secret of ${device}`,
    store: async (message) => {
      stored.push(message);
      if (message.payload.length === 1) await new Promise<void>((resolve) => (release = resolve));
    },
    limits: { connectBytes: 1024, packetBytes: 4096, connectMs: 300 },
  });
});
after(() => broker.close());

function client(device: string, options: { password?: string; id?: string } = {}): MqttClient {
  return mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, {
    clientId: options.id ?? device,
    username: `yard/${device}`,
    password: options.password ?? `secret of ${device}`,
    reconnectPeriod: 0,
    connectTimeout: 2000,
  });
}
const connected = (one: MqttClient) =>
  new Promise<void>(
    (resolve, reject) =>
      void one
        .once("connect", () => resolve())
        .once("error", reject)
        .once("close", () => reject(new Error("closed"))),
  );

test("holds the PUBACK until the message is stored", async () => {
  const one = client("cam-1");
  await connected(one);
  let acknowledged = false;
  const published = one.publishAsync("fieldloop/yard/cam-1/up/records", Buffer.of(7), { qos: 1 }).then(() => {
    acknowledged = true;
  });
  await sleep(100);
  assert.equal(acknowledged, false);
  assert.equal(stored.at(-1)?.device, "cam-1");
  release?.();
  await published;
  await one.endAsync();
});

test("refuses a wrong credential, and a client id that is not the device", async () => {
  await assert.rejects(connected(client("cam-1", { password: "secret of cam-2" })), /Not authorized/);
  await assert.rejects(connected(client("cam-1", { id: "cam-2" })), /Not authorized/);
});

test("cuts off a device that publishes on another's topic", async () => {
  const one = client("cam-1");
  await connected(one);
  const closed = new Promise<void>((resolve) => one.once("close", () => resolve()));
  one.publish("fieldloop/yard/cam-2/up/records", Buffer.of(1, 2), { qos: 1 });
  await closed;
  assert.notEqual(stored.at(-1)?.device, "cam-2");
});

test("grants a device its own downlink only", async () => {
  const one = client("cam-1");
  await connected(one);
  const heard: string[] = [];
  one.on("message", (topic) => heard.push(topic));
  await one.subscribeAsync("fieldloop/yard/cam-1/down/receipt", { qos: 1 });
  for (const filter of ["fieldloop/yard/cam-2/down/receipt", "#", "fieldloop/+/+/down/receipt"]) {
    await one.subscribeAsync(filter, { qos: 1 }).catch(() => undefined); // a refused filter is an error of the client
  }
  await broker.publish({ fleet: "yard", device: "cam-2" }, "receipt", Buffer.of(1, 2));
  await broker.publish({ fleet: "yard", device: "cam-1" }, "receipt", Buffer.of(1, 2));
  await sleep(100);
  assert.deepEqual(heard, ["fieldloop/yard/cam-1/down/receipt"]);
  await one.endAsync();
});

test("closes a connection that announces too much, before reading it", async () => {
  const started = Date.now();
  await closedAfter(Buffer.from([0x10, 0xff, 0xff, 0x7f])); // CONNECT of 2 MB
  await closedAfter(Buffer.from([0x30, 0x02, 0, 0])); // PUBLISH before CONNECT
  await closedAfter(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 1])); // a length of five bytes
  assert.ok(Date.now() - started < 2000);
  const one = client("cam-1");
  await connected(one);
  const closed = new Promise<void>((resolve) => one.once("close", () => resolve()));
  one.publish("fieldloop/yard/cam-1/up/records", Buffer.alloc(5000), { qos: 1 });
  await closed;
});

test("closes a connection that says nothing", async () => {
  const started = Date.now();
  await closedAfter(Buffer.alloc(0));
  assert.ok(Date.now() - started < 2000);
});

test("says that a port is busy", async () => {
  const options = { host: "127.0.0.1", port: broker.port, check: async () => true, store: async () => {} };
  await assert.rejects(startBroker(options), { code: "port-busy", message: /--mqtt-port/ });
});

function closedAfter(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectSocket(broker.port, "127.0.0.1", () => void (bytes.length > 0 && socket.write(bytes)));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
}
