import assert from "node:assert/strict";
import { test } from "node:test";
import { DeviceLog } from "./device-log.ts";
import type { EventRow, SketchRow } from "./rows.ts";

const [release, previous, strange] = ["1", "2", "3"].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
];
const terms = { release, previous, badOutcomes: new Set(["wrong"]) };
let seq = 0;

function sketch(end: number, change: Partial<SketchRow> = {}): SketchRow {
  seq += 1;
  return {
    device: "cam-1",
    key: String(seq),
    receivedAt: end + 10,
    windowStart: end - 1000,
    end,
    release: previous,
    frames: 30,
    errors: 0,
    dropped: 0,
    confidenceSum: 24,
    confidenceSquares: 20,
    classCounts: [10, 20],
    logLatencySum: 200,
    apart: null,
    ...change,
  };
}

function event(state: EventRow["body"]["state"], code?: string): EventRow {
  seq += 1;
  const body = {
    v: 1 as const,
    at: 5000,
    number: 7,
    release,
    state,
    ...(code === undefined ? {} : { code, reason: "So it is." }),
  };
  return { device: "cam-1", key: String(seq), receivedAt: 5000 + seq, body };
}

test("a row that is read twice counts once, also where several came at the same moment", () => {
  const log = new DeviceLog("cam-1", terms);
  const rows = [sketch(1000), sketch(1000), sketch(2000)];
  for (const row of [...rows, ...rows]) log.takeSketch(row);
  assert.equal(log.windows(9000, null).length, 3);
  assert.equal(log.after("sketch", 0), 2010);
});

test("windows of the new release count from the moment it was offered, never where it was not", () => {
  const log = new DeviceLog("cam-1", terms);
  for (const end of [1000, 2000, 3000]) log.takeSketch(sketch(end, { release }));
  assert.equal(log.windows(9000, null).length, 0);
  assert.deepEqual(
    log.windows(9000, 1500).map(({ at }) => at),
    [2000, 3000],
  );
  assert.equal(log.firstNewWindow(1500), 2000);
});

test("outcomes and restarts are told in the window that they fall into, or alone after half a minute", () => {
  const log = new DeviceLog("cam-1", terms);
  log.takeSketch(sketch(1000));
  log.takeSketch(sketch(2000));
  log.takeOutcome({ device: "cam-1", key: "a", receivedAt: 1500, at: 1400, outcome: "wrong", release: previous }, null);
  log.takeOutcome({ device: "cam-1", key: "b", receivedAt: 1500, at: 1500, outcome: "right", release: null }, null);
  log.takeRestart({ at: 2500, kind: "process", count: 1 }, null);
  log.takeRestart({ at: 2500, kind: "process", count: 1 }, null);
  const told = () =>
    log.windows(now, null).map(({ outcomes, badOutcomes, restarts }) => [outcomes, badOutcomes, restarts]);
  let now = 3000;
  assert.deepEqual(told(), [
    [0, 0, 0],
    [2, 1, 0],
  ]);
  now = 33_000;
  assert.equal(
    told().reduce((sum, [, , restarts]) => sum + restarts!, 0),
    1,
  );
});

test("keeps the sums of what it gathers into longer windows", () => {
  const log = new DeviceLog("cam-1", terms);
  for (let end = 1; end <= 3000; end += 1) log.takeSketch(sketch(end * 1000));
  const windows = log.windows(1e9, null);
  assert.ok(windows.length <= 512);
  assert.equal(
    windows.reduce((sum, { frames }) => sum + frames, 0),
    90_000,
  );
  assert.equal(
    windows.reduce((sum, { classCounts }) => sum + classCounts[1]!, 0),
    60_000,
  );
});

test("an interrupted download is no refusal, a failed golden sample and a roll-back are", () => {
  const log = new DeviceLog("cam-1", terms);
  log.takeEvent(event("offered"));
  log.takeEvent(event("refused", "incomplete"));
  assert.equal(log.refusal(7), null);
  assert.notEqual(log.heardOf(7).interruptedAt, null);
  log.takeEvent(event("refused", "golden-failed"));
  assert.equal(log.refusal(7), "refused (golden-failed): So it is.");
  assert.equal(log.refusal(8), null);
  log.takeEvent(event("rolled-back", "failed-trial"));
  assert.equal(log.refusal(7), "rolled back (failed-trial): So it is.");
});

test("names a device whose windows are of a release that it was not given, until they are right again", () => {
  const log = new DeviceLog("cam-1", terms);
  log.takeSketch(sketch(6000, { release }));
  assert.equal(log.contradiction(7), null);
  log.takeSketch(sketch(7000, { release: strange, apart: "unassigned" }));
  assert.match(log.contradiction(7) ?? "", /are of release 3333.*was given 1111/);
  log.takeSketch(sketch(8000, { release }));
  assert.equal(log.contradiction(7), null);
});

test("names a device that says it runs the new release while its windows go on with the old one", () => {
  const log = new DeviceLog("cam-1", terms);
  log.takeEvent(event("good"));
  log.takeSketch(sketch(5500));
  assert.equal(log.contradiction(7), null, "that window began before");
  log.takeSketch(sketch(7000));
  assert.match(log.contradiction(7) ?? "", /says that it runs release 1111.*windows since are of 2222/);
});
