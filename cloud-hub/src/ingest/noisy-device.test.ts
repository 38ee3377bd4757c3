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
const costMs = 0.8;
/** Below this, a difference is the machine's own. */
const noticeableMs = 15;

/** Takes messages in one after the other, each at a cost of processor time, as a hub with much to do. */
function busyStore(): () => Promise<void> {
  let turn: Promise<void> = Promise.resolve();
  const work = async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const until = performance.now() + costMs;
    while (performance.now() < until);
  };
  return () => {
    turn = turn.then(work);
    return turn;
  };
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

/** The 99th percentile of how long quiet devices wait for their PUBACK, without and with a noisy one beside them. */
async function waits(rate: DeviceRate): Promise<{ alone: number; beside: number }> {
  const broker = await startBroker({ host: "127.0.0.1", port: 0, check: async () => true, store: busyStore(), rate });
  const quiet = await Promise.all(
    Array.from({ length: quietDevices }, (_, index) =>
      mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
        clientId: `quiet-${index}`,
        username: `yard/quiet-${index}`,
        password: "x",
        reconnectPeriod: 0,
      }),
    ),
  );
  const round = async (): Promise<number> => {
    const found: number[] = [];
    const speak = async (device: (typeof quiet)[number], index: number) => {
      await sleep((everyMs * index) / quietDevices);
      const until = performance.now() + roundMs;
      while (performance.now() < until) {
        const started = performance.now();
        await device.publishAsync(`fieldloop/yard/quiet-${index}/up/records`, Buffer.alloc(1000), { qos: 1 });
        found.push(performance.now() - started);
        await sleep(everyMs);
      }
    };
    await Promise.all(quiet.map(speak));
    return found.toSorted((a, b) => a - b)[Math.floor(found.length * 0.99)] ?? Number.NaN;
  };
  await round();
  const alone = await round();
  const noise = makeNoise(broker.port);
  await sleep(1_500);
  const beside = await round();
  noise.destroy();
  for (const device of quiet) await device.endAsync(true);
  await broker.close();
  return { alone, beside };
}

test("one device at a hundred times the others' rate does not double how long they wait", async (t) => {
  const { alone, beside } = await waits(deviceRate);
  t.diagnostic(`p99 alone ${alone.toFixed(1)} ms, beside a noisy device ${beside.toFixed(1)} ms`);
  assert.ok(beside <= Math.max(2 * alone, noticeableMs), `${alone.toFixed(1)} ms became ${beside.toFixed(1)} ms`);
});

test("without a pace it more than doubles (the control)", async (t) => {
  const { alone, beside } = await waits({ messagesPerSecond: 1e9, bytesPerSecond: 1e12, burstSeconds: 1 });
  t.diagnostic(`p99 alone ${alone.toFixed(1)} ms, beside a noisy device ${beside.toFixed(1)} ms`);
  assert.ok(beside > Math.max(2 * alone, noticeableMs), `${alone.toFixed(1)} ms became ${beside.toFixed(1)} ms`);
});
