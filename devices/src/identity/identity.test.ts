import assert from "node:assert/strict";
import test from "node:test";
import { decodeEnrolmentCode, encodeEnrolmentCode } from "./enrolment-code.ts";
import { decodeKeyPair, decodePublicKey, encodePrivateKey, encodePublicKey, generateKeyPair } from "./keys.ts";

const secret = "s".repeat(43);

test("an enrolment code survives being pasted with blanks around it", () => {
  const enrolment = { v: 1, url: "https://127.0.0.2:7600", secret, fingerprint: "ab".repeat(32) } as const;
  assert.deepEqual(decodeEnrolmentCode(`  ${encodeEnrolmentCode(enrolment)}\n`), enrolment);
});

test("says what to copy when a code is cut short or alien", () => {
  const code = encodeEnrolmentCode({ v: 1, url: "http://127.0.0.1:7600", secret });
  for (const bad of [code.slice(0, -5), "", "fl1_", "hello", `${code}x`.repeat(20)]) {
    assert.throws(() => decodeEnrolmentCode(bad), { code: "bad-enrolment-code", message: /fieldloop devices add/ });
  }
});

test("keys survive their text forms", () => {
  const pair = generateKeyPair();
  assert.ok(decodePublicKey(encodePublicKey(pair.publicKey)).equals(pair.publicKey));
  assert.ok(decodeKeyPair(encodePrivateKey(pair.privateKey)).publicKey.equals(pair.publicKey));
});

test("refuses what is no Ed25519 key", () => {
  assert.throws(() => decodePublicKey("AAAA"), { code: "bad-key" });
  assert.throws(() => decodeKeyPair("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), {
    code: "bad-key",
  });
});
