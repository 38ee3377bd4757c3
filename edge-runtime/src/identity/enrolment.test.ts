import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeKeyPair, encodeEnrolmentCode, encodePublicKey, generateKeyPair } from "@fieldloop/devices";
import { makeTinyCertificate } from "../uplink/tiny-certificate.ts";
import { enrol } from "./enrolment.ts";
import { readIdentity } from "./identity.ts";

const hubKey = encodePublicKey(generateKeyPair().publicKey);
const secret = "s".repeat(43);
const tinyCertificate = await makeTinyCertificate();

async function hubThatGives(
  t: TestContext,
  answers: readonly (readonly [number, unknown])[],
  { isSecure = false } = {},
) {
  const asked: Record<string, unknown>[] = [];
  const server = isSecure ? createTlsServer(tinyCertificate) : createServer();
  server.on("request", async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    asked.push(JSON.parse(text));
    const [status, body] = answers[Math.min(asked.length, answers.length) - 1] ?? [500, {}];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const url = `${isSecure ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, url };
}

const welcome = {
  fleet: "plant",
  device: "reader-1",
  mqttUrl: "mqtts://127.0.0.1:8883",
  httpUrl: "https://127.0.0.1:8080",
  credential: "c".repeat(43),
  hubPublicKey: hubKey,
  profile: "evil",
};

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-enrol-"));
  t.after(() => rm(dir, { recursive: true }));
  return join(dir, "data");
}

test("trades a code for an identity that only its owner can read", async (t) => {
  const { asked, url } = await hubThatGives(t, [[200, welcome]], { isSecure: true });
  const dir = await folder(t);
  const code = encodeEnrolmentCode({ v: 1, url, secret, fingerprint: tinyCertificate.fingerprint });
  const identity = await enrol(code, dir, { profile: "raspberry-pi-5", name: "bench" });
  assert.deepEqual(await readIdentity(dir), identity);
  assert.equal((await stat(join(dir, "identity.json"))).mode & 0o777, 0o600);
  const { device, profile, fingerprint, hubPublicKey, credential } = identity;
  assert.deepEqual(
    { device, profile, fingerprint, hubPublicKey, credential },
    {
      device: "reader-1",
      profile: "raspberry-pi-5",
      fingerprint: tinyCertificate.fingerprint,
      hubPublicKey: hubKey,
      credential: welcome.credential,
    },
  );
  assert.equal(asked[0]?.secret, secret);
  assert.equal(asked[0]?.publicKey, encodePublicKey(decodeKeyPair(identity.privateKey).publicKey));
});

test("tries again with the same key when the first answer was lost", async (t) => {
  const { asked, url } = await hubThatGives(t, [
    [502, {}],
    [200, welcome],
  ]);
  const dir = await folder(t);
  const code = encodeEnrolmentCode({ v: 1, url, secret });
  await assert.rejects(enrol(code, dir), { code: "enrolment-refused" });
  await enrol(code, dir);
  assert.equal(asked[0]?.publicKey, asked[1]?.publicKey);
  await assert.rejects(readFile(join(dir, "enrolment.key")), { code: "ENOENT" });
});

test("says in the hub's words why a used code is refused, and leaves no identity", async (t) => {
  const { url } = await hubThatGives(t, [[409, { message: "This code was used." }]]);
  const dir = await folder(t);
  const enrolling = enrol(encodeEnrolmentCode({ v: 1, url, secret }), dir);
  await assert.rejects(enrolling, { code: "enrolment-refused", message: /This code was used\..*fresh one/ });
  await assert.rejects(readIdentity(dir), { code: "not-enrolled" });
});

test("tells a hub with another certificate nothing", async (t) => {
  const { asked, url } = await hubThatGives(t, [[200, welcome]], { isSecure: true });
  const code = encodeEnrolmentCode({ v: 1, url, secret, fingerprint: "0".repeat(64) });
  await assert.rejects(enrol(code, await folder(t)), { code: "wrong-fingerprint" });
  assert.equal(asked.length, 0);
});

test("refuses a broken code, an unknown profile, a silent hub and an enrolled folder, each by its own code", async (t) => {
  const { url } = await hubThatGives(t, [[200, welcome]]);
  const code = encodeEnrolmentCode({ v: 1, url, secret });
  const dir = await folder(t);
  await assert.rejects(enrol("fl1_x", dir), { code: "bad-enrolment-code" });
  await assert.rejects(enrol(code, dir, { profile: "toaster" }), { code: "unknown-profile" });
  const nowhere = encodeEnrolmentCode({ v: 1, url: "http://127.0.0.1:1", secret });
  await assert.rejects(enrol(nowhere, dir), { code: "hub-unreachable" });
  await enrol(code, dir);
  await assert.rejects(enrol(code, dir), { code: "already-enrolled" });
});
