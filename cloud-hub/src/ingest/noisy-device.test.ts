import assert from "node:assert/strict";
import { connect as connectSocket, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { startBroker } from "./broker.ts";
import { type DeviceRate, deviceRate } from "./device-pace.ts";

const quietDevices = 6;
const everyMs = 100;
const roundMs = 2_500;
/** What taking one message in costs the hub's one thread. */
const costMs = 0.2;
/** Below this, a difference is the machine's own. */
const noticeable = 20;

/** Takes messages in one after the other, each at a cost of processor time, as a hub with much to do. */
class BusyStore {
  taken = 0;
  noise = 0;
  waitingNoise = 0;
  #turn: Promise<void> = Promise.resolve();

  store({ device }: { readonly device: string }): Promise<void> {
    if (device === "noisy") this.waitingNoise += 1;
    this.#turn = this.#turn.then(() => this.#take(device));
    return this.#turn;
  }

  async #take(device: string): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const until = performance.now() + costMs;
    while (performance.now() < until);
    this.taken += 1;
    if (device !== "noisy") return;
    this.noise += 1;
    this.waitingNoise -= 1;
  }
}

/** A device that sends as fast as the socket takes it, a hundred times what the others send and more, waiting for nothing. */
function makeNoise(port: number): Socket {
  const socket = connectSocket(port, "127.0.0.1");
  const keepalive = 0;
  const who = [text("MQTT"), Buffer.of(4, 0xc2, 0, keepalive), text("noisy"), text("yard/noisy"), text("x")];
  socket.write(packet(0x10, who));
  const topic = text("fieldloop/yard/noisy/up/records");
  const packets = Buffer.concat(
    Array.from({ length: 50 }, (_, index) => packet(0x32, [topic, Buffer.of(0, index + 1), Buffer.alloc(1000)])),
  );
  const pump = () => {
    while (!socket.destroyed && socket.write(packets));
  };
  socket.on("drain", pump);
  socket.on("error", () => undefined);
  socket.resume();
  setTimeout(pump, 100);
  return socket;
}

/** An MQTT 3.1.1 packet (§2.2): its first byte, its length in base 128, its parts. */
function packet(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? Buffer.of(body.length) : Buffer.of((body.length & 127) | 128, body.length >> 7);
  return Buffer.concat([Buffer.of(first), length, body]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0, value.length), Buffer.from(value)]);
}

/**
 * How long quiet devices wait for their PUBACK at the 99th percentile, without and with a noisy one beside them: in messages
 * that the hub took in meanwhile, which does not depend on how busy the machine is, and in milliseconds.
 */
async function waits(rate: DeviceRate) {
  const busy = new BusyStore();
  const store = busy.store.bind(busy);
  const broker = await startBroker({ host: "127.0.0.1", port: 0, check: async () => true, store, rate });
  const quiet = await Promise.all(
    Array.from({ length: quietDevices }, (_, index) => {
      const who = { clientId: `quiet-${index}`, username: `yard/quiet-${index}`, password: "x" };
      return mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { ...who, reconnectPeriod: 0 });
    }),
  );
  const round = async () => {
    const messages: number[] = [];
    const times: number[] = [];
    const speak = async (device: (typeof quiet)[number], index: number) => {
      await sleep((everyMs * index) / quietDevices);
      const until = performance.now() + roundMs;
      while (performance.now() < until) {
        const [before, started] = [busy.taken, performance.now()];
        await device.publishAsync(`fieldloop/yard/quiet-${index}/up/records`, Buffer.alloc(1000), { qos: 1 });
        messages.push(busy.taken - before);
        times.push(performance.now() - started);
        await sleep(everyMs);
      }
    };
    await Promise.all(quiet.map(speak));
    return { messages: p99(messages), ms: p99(times) };
  };
  await round();
  const alone = await round();
  const noise = makeNoise(broker.port);
  await burst(busy);
  const beside = await round();
  noise.destroy();
  for (const device of quiet) await device.endAsync(true);
  await broker.close();
  return { alone, beside };
}

/** Until what a device may send at once is through, which without a pace is never: a burst is an outage's journal. */
async function burst(busy: BusyStore): Promise<void> {
  const mostAtOnce = deviceRate.messagesPerSecond * deviceRate.burstSeconds;
  const isThrough = () => busy.noise >= mostAtOnce && busy.waitingNoise <= 2;
  const until = performance.now() + 20_000;
  while (!isThrough() && busy.noise < 4 * mostAtOnce && performance.now() < until) await sleep(20);
}

const p99 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

function told({ alone, beside }: Awaited<ReturnType<typeof waits>>): string {
  return `p99 alone ${alone.messages} messages, ${alone.ms.toFixed(1)} ms; beside a noisy device ${beside.messages} messages, ${beside.ms.toFixed(1)} ms`;
}

test("one device at a hundred times the others' rate does not double how long they wait", async (t) => {
  const found = await waits(deviceRate);
  t.diagnostic(told(found));
  assert.ok(found.beside.messages <= Math.max(2 * found.alone.messages, noticeable), told(found));
});

test("without a pace it more than doubles (the control)", async (t) => {
  const found = await waits({ messagesPerSecond: 1e9, bytesPerSecond: 1e12, burstSeconds: 1 });
  t.diagnostic(told(found));
  assert.ok(found.beside.messages > Math.max(2 * found.alone.messages, noticeable), told(found));
});
