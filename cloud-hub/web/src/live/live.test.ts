import assert from "node:assert/strict";
import { test } from "node:test";
import { openChangeGate } from "./change-gate.ts";
import { readTopics, type Topic } from "./topic.ts";

test("a change names known topics only, and nonsense names none", () => {
  assert.deepEqual(readTopics('{"topics":["runs","devices","weather"],"at":1}'), ["devices", "runs"]);
  assert.deepEqual(readTopics("not json"), []);
  assert.deepEqual(readTopics('{"topics":"devices"}'), []);
});

test("many changes cause one refetch per interval and none is forgotten", () => {
  let now = 0;
  let due: { run: () => void; at: number } | undefined;
  const flushed: Topic[][] = [];
  const gate = openChangeGate(
    (topics) => flushed.push([...topics]),
    1000,
    () => now,
    (run, ms) => {
      due = { run, at: now + ms };
      return () => (due = undefined);
    },
  );
  const runDue = () => {
    const { run, at } = due!;
    now = at;
    due = undefined;
    run();
  };
  gate.add(["devices"]);
  runDue();
  gate.add(["samples"]);
  gate.add(["samples", "drift"]);
  assert.equal(due?.at, 1000);
  runDue();
  assert.deepEqual(flushed, [["devices"], ["samples", "drift"]]);
  gate.add(["runs"]);
  gate.close();
  assert.equal(due, undefined);
});
