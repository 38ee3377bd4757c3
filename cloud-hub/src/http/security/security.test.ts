import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadOrCreateCertificate } from "./certificate.ts";
import { allowedHostNames, checkHostAndOrigin } from "./host-check.ts";
import { isSameSecret, loadOrCreateToken } from "./token.ts";

const loopback = allowedHostNames("127.0.0.1");

test("a rebound name of another site is no name of the hub", () => {
  assert.equal(checkHostAndOrigin({ host: "evil.example:7600" }, loopback)?.code, "wrong-host");
  assert.equal(checkHostAndOrigin({}, loopback)?.code, "wrong-host");
  assert.equal(checkHostAndOrigin({ host: "localhost:7600" }, loopback), undefined);
  assert.equal(checkHostAndOrigin({ host: "[::1]:7600" }, loopback), undefined);
});

test("a page of another site may not speak to the hub, not even through another port", () => {
  const host = "127.0.0.1:7600";
  assert.equal(checkHostAndOrigin({ host, origin: "http://127.0.0.1:7600" }, loopback), undefined);
  assert.equal(checkHostAndOrigin({ host, origin: "http://127.0.0.1:9999" }, loopback)?.code, "wrong-origin");
  assert.equal(checkHostAndOrigin({ host, origin: "null" }, loopback)?.code, "wrong-origin");
});

test("a hub on every address answers to its machine's addresses only", () => {
  const names = allowedHostNames("0.0.0.0");
  assert.ok(names.has("127.0.0.1"));
  assert.equal(checkHostAndOrigin({ host: "example.org" }, names)?.code, "wrong-host");
});

test("the token is made once and only its owner can read it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-token-"));
  const token = await loadOrCreateToken(dir);
  assert.equal(await loadOrCreateToken(dir), token);
  assert.equal((await stat(join(dir, "token"))).mode & 0o777, 0o600);
  assert.ok(isSameSecret(token, token));
  assert.ok(!isSameSecret(`${token}x`, token));
});

test("the certificate is made once, names its address, and its fingerprint is its own", async () => {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-tls-"));
  const made = await loadOrCreateCertificate(dir, "127.0.0.2");
  const read = await loadOrCreateCertificate(dir, "127.0.0.2");
  assert.equal(read.fingerprint, made.fingerprint);
  const certificate = new X509Certificate(made.cert);
  assert.equal(certificate.checkIP("127.0.0.2"), "127.0.0.2");
  assert.match(made.fingerprint, /^[0-9a-f]{64}$/);
  assert.equal((await stat(join(dir, "tls", "key.pem"))).mode & 0o777, 0o600);
});
