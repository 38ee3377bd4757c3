import assert from "node:assert/strict";
import test from "node:test";
import { closingTable } from "./closing-table.ts";
import { exitCodeOf } from "./exit-code.ts";
import { reportJson } from "./report-json.ts";
import { reportOfARun } from "./report-of-a-run.fixture.ts";

test("the report has the promised keys", () => {
  const report = JSON.parse(reportJson(reportOfARun()));
  const promised = ["accuracy", "drift", "labels", "variants", "refusedReleases", "swap", "bytes", "steps", "seed"];
  promised.push("waves", "brokenRelease", "badRelease", "devices");
  for (const key of promised) assert.ok(key in report, key);
  const compared = ["fieldBefore", "fieldAfter", "fieldAfterUniform", "fieldAllLabels", "oldBefore", "oldAfter"];
  for (const key of compared) assert.ok(key in report.accuracy, key);
  assert.deepEqual(Object.keys(report.accuracy.fieldBefore), ["value", "low", "high", "n"]);
  assert.equal(report.accuracy.fieldAfterUniform, null);
});

test("a report with a value that was never measured is refused", () => {
  const report = { ...reportOfARun(), drift: { before: Number.NaN, after: 1, threshold: 1, windowsToAlarm: 1 } };
  assert.throws(() => reportJson(report), { code: "report-malformed" });
});

test("the closing table fits 80 columns and names what was compared only", () => {
  const lines = closingTable(reportOfARun());
  for (const line of lines) assert.ok(line.length <= 80, line);
  const text = lines.join("\n");
  assert.match(text, /v1, before +64\.1 % \[60\.1, 68\.1\] +n=500/);
  assert.match(text, /100 of 1,600 frames +6\.3 %/);
  assert.doesNotMatch(text, /uniform|ceiling|undefined|NaN/);
});

test("with --compare the table shows uniform choice and the ceiling", () => {
  const report = reportOfARun();
  const compared = { value: 0.8, low: 0.77, high: 0.83, n: 500 };
  report.accuracy.fieldAfterUniform = compared;
  report.accuracy.fieldAllLabels = { ...compared, value: 0.92 };
  const text = closingTable(report).join("\n");
  assert.match(text, /uniform choice, as many answers +80\.0 %/);
  assert.match(text, /all labels \(ceiling\) +92\.0 %/);
});

test("exits with 0 for a released v2, 3 when the gate refused it, 1 when a bad release got through or a frame went unanswered", () => {
  const good = reportOfARun();
  assert.equal(exitCodeOf(good), 0);
  assert.equal(exitCodeOf({ ...good, outcome: "gate-refused" }), 3);
  const [first, ...others] = good.refusedReleases;
  assert.equal(exitCodeOf({ ...good, refusedReleases: [{ ...first!, refused: false }, ...others] }), 1);
  assert.equal(exitCodeOf({ ...good, refusedReleases: others }), 1);
  assert.equal(exitCodeOf({ ...good, swap: { frames: 340, unanswered: 1 } }), 1);
  assert.equal(exitCodeOf({ ...good, brokenRelease: { ...good.brokenRelease!, framesAnswered: 1 } }), 1);
  assert.equal(exitCodeOf({ ...good, badRelease: { ...good.badRelease!, cause: "too-little-data" } }), 1);
});
