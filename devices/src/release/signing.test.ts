import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { generateKeyPair } from "../identity/keys.ts";
import type { DesiredState } from "../messages/downlink.ts";
import { canonicalBytes, digestOf } from "./canonical.ts";
import { signDesiredState, signReceipt, verifyDesiredState, verifyReceipt } from "./signing.ts";

const hub = generateKeyPair();
const state: DesiredState = {
  v: 1,
  fleet: "yard",
  device: "cam-1",
  number: 3,
  release: `sha256:${"0".repeat(64)}`,
  issuedAt: 5,
};

test("accepts what the hub signed", () => {
  const verified = verifyDesiredState(signDesiredState(state, hub.privateKey), hub.publicKey);
  assert.ok(verified.ok);
  assert.deepEqual(verified.value, state);
});

test("refuses every single changed bit", () => {
  const signed = signDesiredState(state, hub.privateKey);
  fc.assert(
    fc.property(fc.nat(signed.payload.length * 8 - 1), (bit) => {
      const payload = Uint8Array.from(signed.payload);
      payload[bit >> 3] = (payload[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.deepEqual(verifyDesiredState({ ...signed, payload }, hub.publicKey), { ok: false, why: "bad-signature" });
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("refuses another key", () => {
  const signed = signDesiredState(state, generateKeyPair().privateKey);
  assert.deepEqual(verifyDesiredState(signed, hub.publicKey), { ok: false, why: "bad-signature" });
});

test("refuses a receipt offered as a desired state, though the key is right", () => {
  const receipt = signReceipt(
    { v: 1, fleet: "yard", device: "cam-1", epoch: "0".repeat(16), lane: "samples", upTo: 1 },
    hub.privateKey,
  );
  assert.deepEqual(verifyDesiredState(receipt, hub.publicKey), { ok: false, why: "bad-signature" });
  assert.ok(verifyReceipt(receipt, hub.publicKey).ok);
});

test("the digest does not depend on the order of keys", () => {
  assert.equal(digestOf(canonicalBytes({ a: 1, b: [2] })), digestOf(canonicalBytes({ b: [2], a: 1 })));
});
