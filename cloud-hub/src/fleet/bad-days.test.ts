import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  createSketch,
  decodeEnrolmentCode,
  encodeMessage,
  encodePublicKey,
  generateKeyPair,
  type Inventory,
} from "@fieldloop/devices";
import mqtt, { type MqttClient } from "mqtt";
import { createHubClient, type HubClient } from "../http/client/hub-client.ts";
import { type RunningHub, startHub } from "../hub.ts";
import type { Device } from "./device.ts";
import type { EnrolmentAnswer } from "./enrolment.ts";

const program = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const foreign = `sha256:${"cd".repeat(32)}`;
const hour = 3_600_000;
const wires: MqttClient[] = [];
let dir: string;
let hub: RunningHub;
let client: HubClient;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-bad-days-"));
  hub = await startHub({ dataDir: dir, listen: { httpPort: 0, mqttPort: 0 }, fleet: "yard" });
  client = createHubClient({ url: hub.url, token: hub.token });
});
after(async () => {
  for (const wire of wires) await wire.endAsync(true);
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

async function enrolled(device: string): Promise<EnrolmentAnswer> {
  const { code } = await client.addDevice({ device, profile: "x86-64" });
  const { secret } = decodeEnrolmentCode(code);
  const publicKey = encodePublicKey(generateKeyPair().publicKey);
  const response = await fetch(`${hub.url}/v1/enrol`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ secret, publicKey, profile: "x86-64" }),
  });
  return (await response.json()) as EnrolmentAnswer; // by the hub's own schema
}

/** A process on a device; epoch: of its journal · offsetMs: what must be added to its clock */
async function run({ fleet, device, credential }: EnrolmentAnswer, epoch: string, offsetMs = 0) {
  const who = { clientId: device, username: `${fleet}/${device}`, password: credential };
  const wire = await mqtt.connectAsync(hub.mqttUrl, { ...who, reconnectPeriod: 0 });
  wires.push(wire);
  const say = (channel: "hello" | "records", payload: Uint8Array) =>
    wire.publishAsync(`fieldloop/${fleet}/${device}/up/${channel}`, Buffer.from(payload), { qos: 1 });
  let seq = 0;
  return {
    wire,
    hello(more: Partial<Inventory> = {}) {
      const said = {
        runtimeVersion: "0.1.0",
        engine: "onnxruntime",
        release: null,
        desiredNumber: 0,
        frames: 0,
        journal: {},
      };
      const times = { startedAt: 1_700_000_000_000, sentAt: Date.now() - offsetMs };
      const inventory = { v: 1, profile: "x86-64", simulated: false, epoch, ...said, ...times, ...more } as const;
      return say("hello", encodeMessage("hello", inventory));
    },
    sketch(windowStart: number, release = foreign) {
      seq += 1;
      const body = createSketch({ release, windowStart, windowMs: 5000, heads: { sign: 2 }, embeddingSize: 0 });
      const record = { seq, at: windowStart, kind: "sketch" as const, body: encodeMessage("sketch", body) };
      return say("records", encodeMessage("envelope", { v: 1, epoch, lane: "sketches", records: [record] }));
    },
  };
}

async function until(device: string, holds: (device: Device) => boolean): Promise<Device> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await client.device(device);
    if (holds(found)) return found;
    assert.ok(Date.now() < deadline, `waited in vain: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function command(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--conditions=fieldloop", program, ...args, "--data", dir, "--hub", hub.url]);
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
  return new Promise((resolve) => child.once("close", () => resolve(out)));
}

test("a clock two hours off, windows from elsewhen, a false release and a second session each get their sentence", async () => {
  const late = await run(await enrolled("late"), "00000000000000a1", 2 * hour);
  await late.hello();
  const stray = await run(await enrolled("stray"), "00000000000000a2");
  await stray.hello();
  await stray.sketch(Date.now() + hour);
  const liar = await run(await enrolled("liar"), "00000000000000a3");
  await liar.hello({ release: foreign });
  const credential = await enrolled("twin");
  const first = await run(credential, "00000000000000a4");
  await first.hello();
  const second = await run(credential, "00000000000000a5");
  await second.hello({ startedAt: 1_700_000_001_000 });
  const third = await run(credential, "00000000000000a4");
  await third.hello();

  const expected: readonly (readonly [string, Device["health"]["state"], RegExp])[] = [
    ["late", "healthy", /2 h behind the hub's; its times are corrected/],
    ["stray", "healthy", /a time that has not come yet/],
    ["liar", "failing", /says that it runs release cdcdcdcdcdcd, which this hub never gave it/],
    ["twin", "failing", /Two processes speak with its one credential/],
  ];
  for (const [device, state, sentence] of expected) {
    const says = ({ health, notes }: Device) => `${health.sentence} ${notes.map((note) => note.sentence).join(" ")}`;
    const found = await until(device, (each) => sentence.test(says(each)));
    assert.equal(found.health.state, state, says(found));
    assert.equal(found.connected, true);
  }
  assert.equal(first.wire.connected || second.wire.connected, false, "one session at a time");
  const list = await command(["devices", "list"]);
  for (const [device, state, sentence] of expected) {
    assert.match(list, new RegExp(`^${device} +connected +${state} `, "m"));
    assert.match(list, sentence);
  }
  const shown = await command(["devices", "show", "liar"]);
  assert.match(shown, /^health +failing: .*never gave it/m);
  assert.match(shown, /Its process started, with release cdcdcdcdcdcd/);
});

test("tells what a device said and kept last, and that a device is not there", async () => {
  assert.deepEqual(await client.deviceLatest("late"), { predictions: [], samples: [] });
  await assert.rejects(client.deviceLatest("nobody"), { code: "not-found" });
  const { entries } = await client.deviceTimeline("late");
  assert.deepEqual(new Set(entries.map(({ kind }) => kind)), new Set(["start", "clock"]));
});
