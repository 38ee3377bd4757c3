import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@fieldloop/compiler/statistics";
import { keyedShare } from "@fieldloop/edge-runtime";
import { auditFate, type Halving } from "./audit-thinning.ts";

const policy = { rate: 0.5, key: "ab".repeat(16) };
const frames = 2000;
/** What is to be estimated: a share that falls over time, so that weights which are wrong for a part show. */
const isRight = (frame: number, random: Random): number => (random() < 0.9 - (0.6 * frame) / frames ? 1 : 0);

type Arrived = { readonly frame: number; readonly probability: number; readonly value: number };

/**
 * A device whose lane holds `room` records and is emptied now and then: chosen by hash, halved when full with the waiting
 * ones thinned, the full rate again once empty. A sent record may reach the hub before the device thins it.
 */
function runDevice(seed: string) {
  const random = seededRandom(seed);
  const scope = `reader-1|${seed}`;
  const key = Buffer.from(policy.key, "hex");
  const shareOf = (frame: number) => keyedShare(key, scope, frame);
  const arrived: Arrived[] = [];
  const halvingRecords: Halving[] = [];
  const values: number[] = [];
  let lane: (Arrived & { sent: boolean })[] = [];
  let halvings = 0;
  const halve = (frame: number) => {
    halvings += 1;
    const fromFrame = Math.min(frame, ...lane.map((record) => record.frame));
    const rate = policy.rate / 2 ** halvings;
    halvingRecords.push({ seq: halvingRecords.length + 1, fromFrame, rate, halvings });
    lane = lane.filter((record) => shareOf(record.frame) < rate);
  };
  for (let frame = 1; frame <= frames; frame += 1) {
    const value = isRight(frame, random);
    values.push(value);
    if (halvings > 0 && lane.length === 0) {
      halvings = 0;
      halvingRecords.push({ seq: halvingRecords.length + 1, fromFrame: frame, rate: policy.rate, halvings });
    }
    const rate = policy.rate / 2 ** halvings;
    if (shareOf(frame) < rate) {
      while (lane.length >= 40 && shareOf(frame) < policy.rate / 2 ** halvings) halve(frame);
      if (shareOf(frame) < policy.rate / 2 ** halvings) lane.push({ frame, probability: rate, value, sent: false });
    }
    // Some of what waits reaches the hub, whose receipt is lost; at times everything is sent and released.
    for (const record of lane) {
      if (record.sent || random() > 0.004) continue;
      record.sent = true;
      arrived.push(record);
    }
    if (random() < 0.004) {
      arrived.push(...lane.filter(({ sent }) => !sent));
      lane = [];
    }
  }
  arrived.push(...lane.filter(({ sent }) => !sent));
  const truth = values.reduce((sum, value) => sum + value, 0) / frames;
  return { arrived, halvingRecords, truth, scope };
}

const runs = Array.from({ length: 100 }, (_, index) => runDevice(`device ${index}`));

/** Mean of the relative errors of the estimated share (Hájek) and of the estimated number of frames, over many devices. */
function errorsOf(estimate: (run: ReturnType<typeof runDevice>) => readonly Arrived[]) {
  const each = runs.map((run) => {
    const kept = estimate(run);
    const total = kept.reduce((sum, { probability }) => sum + 1 / probability, 0);
    const right = kept.reduce((sum, { probability, value }) => sum + value / probability, 0);
    return { share: right / total - run.truth, count: total / frames - 1 };
  });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const error = (values: readonly number[]) => {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / values.length);
  };
  const shares = each.map(({ share }) => share);
  const counts = each.map(({ count }) => count);
  return { share: mean(shares), shareError: error(shares), count: mean(counts), countError: error(counts) };
}

test("after halvings the audit is unbiased: what the device thinned, the hub thins by the same hash", () => {
  const { share, shareError, count, countError } = errorsOf(({ arrived, halvingRecords, scope }) =>
    arrived.flatMap((record) => {
      const fate = auditFate(record, halvingRecords, policy, scope);
      return fate.isAudited ? [{ ...record, probability: fate.probability }] : [];
    }),
  );
  assert.ok(Math.abs(count) < 4 * countError, `frames off by ${(count * 100).toFixed(1)} %`);
  assert.ok(Math.abs(share) < 4 * shareError, `share off by ${(share * 100).toFixed(2)} points`);
});

test("the same estimate with the probabilities that samples carry is biased (the control)", () => {
  const { count, countError } = errorsOf(({ arrived }) => arrived);
  assert.ok(count < -8 * countError, `frames off by ${(count * 100).toFixed(1)} %`);
});

test("lowering the probabilities without thinning what was sent before is biased too (the control)", () => {
  const { count, countError } = errorsOf(({ arrived, halvingRecords, scope }) =>
    arrived.map((record) => {
      const fate = auditFate(record, halvingRecords, policy, scope);
      return { ...record, probability: fate.isAudited ? fate.probability : record.probability / 2 };
    }),
  );
  assert.ok(count > 8 * countError, `frames off by ${(count * 100).toFixed(1)} %`);
});

const halved: Halving = { seq: 2, fromFrame: 100, rate: 0.25, halvings: 1 };
const whole: Halving = { seq: 5, fromFrame: 200, rate: 0.5, halvings: 0 };
const share = (frame: number) => keyedShare(Buffer.from(policy.key, "hex"), "s", frame);
const frameWith = (from: number, holds: (share: number) => boolean): number => {
  for (let frame = from; ; frame += 1) if (holds(share(frame))) return frame;
};

test("a halving holds from its frame on until the full rate is taken up again", () => {
  const low = (frame: number) => frameWith(frame, (one) => one < 0.25);
  const fate = (frame: number) => auditFate({ frame, probability: 0.5 }, [whole, halved], policy, "s");
  assert.deepEqual(fate(low(1)), { isAudited: true, probability: 0.5 });
  assert.deepEqual(fate(low(100)), { isAudited: true, probability: 0.25 });
  assert.deepEqual(fate(frameWith(100, (one) => one >= 0.25 && one < 0.5)), { isAudited: false });
  assert.deepEqual(fate(low(200)), { isAudited: true, probability: 0.5 });
});

test("the rate of a sample's own release is what is halved, also when another one ran by then", () => {
  const frame = frameWith(100, (one) => one < 0.25);
  const byOther: Halving = { ...halved, rate: 0.05 };
  assert.deepEqual(auditFate({ frame, probability: 0.5 }, [byOther], policy, "s"), {
    isAudited: true,
    probability: 0.25,
  });
});

test("a device that does not say how often it halved is taken at its rate, and an unknown release cannot be thinned", () => {
  const frame = frameWith(100, (one) => one >= 0.25 && one < 0.5);
  const older: Halving = { ...halved, halvings: undefined };
  assert.deepEqual(auditFate({ frame, probability: 0.5 }, [older], policy, "s"), { isAudited: false });
  assert.deepEqual(auditFate({ frame, probability: 0.5 }, [older], undefined, "s"), {
    isAudited: true,
    probability: 0.25,
  });
});
