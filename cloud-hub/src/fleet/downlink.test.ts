import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMessage } from "@fieldloop/devices";
import mqtt from "mqtt";
import type { Hub } from "../hub-parts.ts";
import { startBroker } from "../ingest/broker.ts";
import { Downlink } from "./downlink.ts";

test("asks connected devices how they are, every ten seconds at most however often somebody looks", async () => {
  let now = 1_750_000_000_000;
  const broker = await startBroker({ host: "127.0.0.1", port: 0, check: async () => true, store: async () => {} });
  const downlink = new Downlink((error) => assert.fail(String(error)));
  // Asking needs no more of a hub than its name and clock.
  downlink.open({ fleet: "yard", clock: () => now } as Hub, broker, async () => []);
  assert.equal(downlink.askDevices(), 0, "nobody is there");
  const who = { clientId: "cam-1", username: "yard/cam-1", password: "x", reconnectPeriod: 0 };
  const wire = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, who);
  const heard = new Promise<Uint8Array>((resolve) => wire.once("message", (_, payload) => resolve(payload)));
  await wire.subscribeAsync("fieldloop/yard/cam-1/down/command", { qos: 1 });
  now += 10_000;
  assert.equal(downlink.askDevices(), 1);
  assert.equal(decodeMessage("command", new Uint8Array(await heard)).command, "hello");
  now += 9_999;
  assert.equal(downlink.askDevices(), 0);
  now += 1;
  assert.equal(downlink.askDevices(), 1);
  await wire.endAsync();
  await broker.close();
});
