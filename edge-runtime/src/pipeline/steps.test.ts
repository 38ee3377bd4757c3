import assert from "node:assert/strict";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FrameCounter } from "./frame-counter.ts";
import { type HeadOpinion, readHead } from "./head-answer.ts";
import { Mailbox } from "./mailbox.ts";
import { RuleState } from "./rule-state.ts";

const head = { name: "sign", classes: ["stop", "yield", "limit"] };

test("reads class, confidence and margin as a slow softmax does", () => {
  for (const logits of [
    [0.3, 2.1, -1],
    [1000, 999, -1000],
    [5, 5, 5],
    [-3e38, 0, 1],
  ]) {
    const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const shares = weights.map((weight) => weight / weights.reduce((a, b) => a + b));
    const [top = 0, next = 0] = shares.toSorted((a, b) => b - a);
    const answer = readHead(head, Float32Array.from(logits));
    assert.equal(answer.index, shares.indexOf(top));
    assert.equal(answer.class, head.classes[answer.index]);
    assert.ok(Math.abs(answer.confidence - top) < 1e-6 && Math.abs(answer.margin - (top - next)) < 1e-6);
  }
});

test("refuses logits that are too few or not numbers", () => {
  assert.throws(() => readHead(head, new Float32Array(2)), { code: "bad-output" });
  assert.throws(() => readHead(head, Float32Array.of(1, Number.NaN, 0)), { code: "bad-output" });
});

const says = (name: string, confidence: number): Record<string, HeadOpinion> => ({
  sign: { class: name, index: 0, confidence, margin: 0 },
});

test("decides a class after enough sure frames of one track, and holds it until another is decided", () => {
  const rules = new RuleState([{ name: "r", head: "sign", minConfidence: 0.8, frames: 2 }]);
  const frames: readonly (readonly [string, string, number, string | undefined])[] = [
    ["t1", "stop", 0.9, undefined],
    ["t2", "yield", 0.9, undefined],
    ["t1", "stop", 0.9, "stop"],
    ["t1", "yield", 0.9, "stop"],
    ["t1", "yield", 0.5, "stop"],
    ["t1", "yield", 0.9, "stop"],
    ["t1", "yield", 0.9, "yield"],
    ["t2", "yield", 0.9, "yield"],
  ];
  for (const [track, name, confidence, expected] of frames)
    assert.equal(rules.observe(track, says(name, confidence)).r, expected);
});

test("forgets the longest unseen track first", () => {
  const rules = new RuleState([{ name: "r", head: "sign", minConfidence: 0, frames: 1 }], 2);
  const held = new RuleState([{ name: "r", head: "sign", minConfidence: 0, frames: 2 }], 2);
  for (const track of ["a", "b", "a", "c"]) held.observe(track, says("stop", 1));
  assert.equal(held.observe("b", says("stop", 1)).r, undefined, "b was forgotten");
  assert.equal(rules.observe("a", says("stop", 1)).r, "stop");
});

test("lets a bounded number of frames wait and refuses the next by name", async () => {
  const mailbox = new Mailbox({ concurrent: 1, waiting: 2, policy: "block" });
  const gate = Promise.withResolvers<void>();
  const works = [1, 2, 3].map((n) => mailbox.enter(() => gate.promise.then(() => n)));
  await assert.rejects(
    mailbox.enter(async () => 4),
    { code: "mailbox-full" },
  );
  assert.equal(mailbox.size, 3);
  gate.resolve();
  assert.deepEqual(await Promise.all(works), [1, 2, 3]);
  await mailbox.drained();
  assert.equal(await mailbox.enter(async () => 5), 5);
});

test("gives up the frame that waited longest when only the latest counts", async () => {
  const mailbox = new Mailbox({ concurrent: 1, waiting: 1, policy: "latest" });
  const gate = Promise.withResolvers<void>();
  const first = mailbox.enter(() => gate.promise.then(() => 1));
  const second = mailbox.enter(async () => 2);
  const third = mailbox.enter(async () => 3);
  await assert.rejects(second, { code: "mailbox-full", message: /newer frame/ });
  gate.resolve();
  assert.deepEqual(await Promise.all([first, third]), [1, 3]);
});

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-frames-"));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

const epoch = "0123456789abcdef";

test("goes on after the last number when closed, and after the reserved block when killed", async (t) => {
  const dir = await folder(t);
  const first = await FrameCounter.open(dir, epoch);
  assert.deepEqual([first.next().frame, first.next().frame], [1, 2]);
  await first.close();
  const killed = await FrameCounter.open(dir, epoch);
  assert.equal(killed.next().frame, 3);
  const after = await FrameCounter.open(dir, epoch);
  const { frame, isReserved } = after.next();
  assert.ok(frame > 3 && isReserved, `${frame}`);
  await after.close();
  const other = await FrameCounter.open(dir, "f".repeat(16));
  assert.equal(other.next().frame, 1, "a new epoch counts from 1");
  await other.close();
});

test("survives a half-written slot", async (t) => {
  const dir = await folder(t);
  const first = await FrameCounter.open(dir, epoch);
  for (let n = 0; n < 10; n += 1) first.next();
  await first.close();
  await truncate(join(dir, "frames"), 200);
  const again = await FrameCounter.open(dir, epoch);
  assert.ok(again.next().frame > 10);
  await again.close();
});
