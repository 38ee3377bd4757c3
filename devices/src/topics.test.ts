import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { downlinkTopic, parseTopic, uplinkTopic } from "./topics.ts";

test("takes apart what it put together", () => {
  assert.deepEqual(parseTopic(uplinkTopic("yard", "cam-1", "records")), {
    fleet: "yard",
    device: "cam-1",
    direction: "up",
    channel: "records",
  });
  assert.equal(parseTopic(downlinkTopic("yard", "cam-1", "receipt")).channel, "receipt");
});

test("refuses names that would reach another device's topics", () => {
  for (const name of ["+", "#", "a/b", "", "A", "x".repeat(65), "é", "a\0"]) {
    assert.throws(() => uplinkTopic("yard", name, "records"), { code: "bad-identifier" });
  }
});

test("refuses every topic that is not one of a device's five", () => {
  for (const topic of [
    "fieldloop/yard/cam-1/up/receipt",
    "fieldloop/yard/cam-1/down/hello",
    "fieldloop/yard/cam-1/up/records/x",
  ]) {
    assert.throws(() => parseTopic(topic), { code: "bad-topic" });
  }
  fc.assert(
    fc.property(fc.string(), (topic) => {
      assert.throws(() => parseTopic(topic), { code: "bad-topic" });
    }),
    { seed: 1 },
  );
});
