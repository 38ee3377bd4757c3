import assert from "node:assert/strict";
import { test } from "node:test";
import { Ledger } from "./ledger.ts";

test("counts what was acknowledged and is neither held nor told to be gone as lost, once", () => {
  const ledger = new Ledger();
  ledger.acknowledge(["ready", "ack samples 1 aa", "ack samples 2 bb", "ack samples 3 cc", "ack audit 3 dd"]);
  ledger.settle(["held samples 1 aa", "gone samples 2 2", "held audit 3 ee"]);
  ledger.settle([]);
  const { acknowledged, evicted, lost, reused } = ledger;
  assert.deepEqual({ acknowledged, evicted, lost, reused }, { acknowledged: 4, evicted: 1, lost: 3, reused: 0 });
});

test("notices one name given to two different records", () => {
  const ledger = new Ledger();
  ledger.acknowledge(["ack samples 1 aa", "ack samples 1 aa"]);
  assert.equal(ledger.reused, 0);
  ledger.acknowledge(["ack samples 1 bb"]);
  assert.equal(ledger.reused, 1);
});
