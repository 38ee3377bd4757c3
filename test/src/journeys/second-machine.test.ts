import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createHubClient } from "@fieldloop/cloud-hub";
import { decodeEnrolmentCode, encodeEnrolmentCode } from "@fieldloop/devices";
import { runCommand, startCommand } from "./command.ts";
import { until } from "./device-process.ts";
import { type HubProcess, startHubProcess } from "./hub-process.ts";

let root: string;
let hub: HubProcess;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldloop-second-"));
  hub = await startHubProcess(join(root, "hub"), ["--listen", "127.0.0.2"]);
});
after(async () => {
  await hub?.command.end("SIGTERM");
  await rm(root, { recursive: true, force: true });
});

test("another address than loopback is served with TLS and a certificate of the hub's own, and asks for the token", async () => {
  assert.match(hub.url, /^https:\/\/127\.0\.0\.2:/);
  assert.match(hub.mqttUrl, /^mqtts:\/\/127\.0\.0\.2:/);
  assert.match(hub.fingerprint ?? "", /^[0-9a-f]{64}$/);
  await assert.rejects(fetch(hub.url.replace("https:", "http:")));
  const stranger = createHubClient({ url: hub.url, fingerprint: hub.fingerprint });
  await assert.rejects(stranger.devices(), { code: "unauthorized" });
});

test("a second machine enrols over TLS by one code, connects with the certificate pinned, and nobody uses the code again", async () => {
  const { code } = await hub.client.addDevice({ device: "far-1", profile: "x86-64" });
  assert.equal(decodeEnrolmentCode(code).fingerprint, hub.fingerprint);
  const data = join(root, "far-1");
  const enrolled = await runCommand("fieldloop-edge", ["enrol", code, "--data", data, "--profile", "x86-64"]);
  assert.equal(enrolled.code, 0, enrolled.err);
  const device = startCommand("fieldloop-edge", ["run", "--source", "-", "--data", data]);
  await until("the device said hello", async () => (await hub.client.device("far-1")).reported !== null);
  await device.end("SIGTERM");

  const again = await runCommand("fieldloop-edge", ["enrol", code, "--data", join(root, "thief")]);
  assert.equal(again.code, 1);
  assert.match(again.err, /^fieldloop-edge: The hub at 127\.0\.0\.2:\d+ refused this enrolment: .*used by another key/);
  assert.equal(existsSync(join(root, "thief", "identity.json")), false);
});

test("a code with another hub's fingerprint is refused before anything is told, and the right one still works", async () => {
  const { code } = await hub.client.addDevice({ device: "far-2", profile: "x86-64" });
  const altered = encodeEnrolmentCode({ ...decodeEnrolmentCode(code), fingerprint: "ab".repeat(32) });
  const data = join(root, "far-2");
  const refused = await runCommand("fieldloop-edge", ["enrol", altered, "--data", data, "--profile", "x86-64"]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^fieldloop-edge: Expected the hub at 127\.0\.0\.2:\d+ to show the certificate abab/);
  const right = await runCommand("fieldloop-edge", ["enrol", code, "--data", data, "--profile", "x86-64"]);
  assert.equal(right.code, 0, right.err);
});
