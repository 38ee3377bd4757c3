import assert from "node:assert/strict";
import { connect as connectSocket, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt, { type MqttClient } from "mqtt";
import { type Broker, type BrokerOptions, startBroker, type UplinkMessage } from "./broker.ts";

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

async function within<T>(options: Partial<BrokerOptions>, work: (own: Broker) => Promise<T>): Promise<T> {
  const own = await startBroker({
    host: "0.0.0.0",
    port: 0,
    check: async () => true,
    store: async () => {},
    ...options,
  });
  try {
    return await work(own);
  } finally {
    await own.close();
  }
}

function to(own: Broker, device: string): MqttClient {
  const who = { clientId: device, username: `yard/${device}`, password: "x" };
  return mqtt.connect(`mqtt://127.0.0.1:${own.port}`, { ...who, reconnectPeriod: 0, connectTimeout: 2000 });
}

test("slows a device that sends too fast down, and loses nothing of what it sent", async () => {
  const taken: number[] = [];
  const rate = { messagesPerSecond: 50, bytesPerSecond: 1_000_000, burstSeconds: 0.5 };
  const store = async ({ payload }: UplinkMessage) => void taken.push(payload[0] ?? 0);
  await within({ rate, store }, async (own) => {
    const one = to(own, "cam-1");
    await connected(one);
    const started = performance.now();
    const topic = "fieldloop/yard/cam-1/up/records";
    const sent = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(sent.map((index) => one.publishAsync(topic, Buffer.of(index), { qos: 1 })));
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 1.2 && seconds < 4, `75 messages beyond the burst took ${seconds.toFixed(2)} s at 50 a second`);
    assert.deepEqual(taken, sent, "in order, each once");
    assert.equal(one.connected, true);
    await one.endAsync();
  });
});

test("slows a device that sends too much down by bytes, also across its sessions", async () => {
  const rate = { messagesPerSecond: 1000, bytesPerSecond: 200_000, burstSeconds: 0.5 };
  await within({ rate }, async (own) => {
    const started = performance.now();
    for (let session = 0; session < 3; session += 1) {
      const one = to(own, "cam-1");
      await connected(one);
      await one.publishAsync("fieldloop/yard/cam-1/up/records", Buffer.alloc(150_000), { qos: 1 });
      await one.endAsync();
    }
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 1.4, `450 kB, 350 of them beyond the burst, took ${seconds.toFixed(2)} s at 200 kB a second`);
  });
});

test("keeps one session per device: a newer one ends the one before, and goes on", async () => {
  const told: string[] = [];
  await within(
    { onSession: ({ device }, what) => void (what !== "heard" && told.push(`${what} ${device}`)) },
    async (own) => {
      const first = to(own, "cam-1");
      await connected(first);
      const closed = new Promise<void>((resolve) => first.once("close", () => resolve()));
      const second = to(own, "cam-1");
      await connected(second);
      await closed;
      assert.deepEqual([...own.connected()], ["yard/cam-1"]);
      await second.publishAsync("fieldloop/yard/cam-1/up/records", Buffer.of(1), { qos: 1 });
      await second.endAsync();
      while (own.connected().size > 0) await sleep(10);
      assert.deepEqual(told, ["begin cam-1", "end cam-1", "begin cam-1", "end cam-1"]);
    },
  );
});

test("lets few strangers of one address wait at once, whoever is known and other addresses stay served", async () => {
  await within({ newcomersPerAddress: 3 }, async (own) => {
    const known = await Promise.all(
      ["cam-1", "cam-2", "cam-3", "cam-4"].map(async (device) => {
        const one = to(own, device);
        await connected(one);
        return one;
      }),
    );
    const strangers = await Promise.all([1, 2, 3].map(() => opened(own.port)));
    const fourth = await opened(own.port);
    await new Promise<void>((resolve) => fourth.once("close", () => resolve()));
    assert.ok(strangers.every(({ destroyed }) => !destroyed));
    const elsewhere = await opened(own.port, "127.0.0.2");
    await sleep(50);
    assert.equal(elsewhere.destroyed, false);
    strangers[0]!.destroy();
    await sleep(50);
    const again = to(own, "cam-5");
    await connected(again);
    for (const socket of [...strangers, elsewhere]) socket.destroy();
    await Promise.all([...known, again].map((one) => one.endAsync()));
  });
});

test("reads no more than it may hold until some of it is safe", async () => {
  let held = 0;
  let most = 0;
  const store = async ({ payload }: UplinkMessage) => {
    held += payload.length;
    most = Math.max(most, held);
    await sleep(20);
    held -= payload.length;
  };
  await within({ store, outstandingBytes: 100_000 }, async (own) => {
    const many = await Promise.all(
      [1, 2, 3, 4, 5].map(async (index) => {
        const one = to(own, `cam-${index}`);
        await connected(one);
        return one;
      }),
    );
    await Promise.all(
      many.flatMap((one, index) =>
        [1, 2, 3].map(() =>
          one.publishAsync(`fieldloop/yard/cam-${index + 1}/up/records`, Buffer.alloc(40_000), { qos: 1 }),
        ),
      ),
    );
    assert.ok(most <= 100_000, `${most} bytes`);
    await Promise.all(many.map((one) => one.endAsync()));
  });
});

function opened(port: number, localAddress?: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectSocket({ port, host: "127.0.0.1", ...(localAddress === undefined ? {} : { localAddress }) });
    socket.on("error", () => undefined);
    socket.once("connect", () => resolve(socket));
  });
}

function closedAfter(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectSocket(broker.port, "127.0.0.1", () => void (bytes.length > 0 && socket.write(bytes)));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
}
