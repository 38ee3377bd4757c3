import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { type ClockState, clockSentence, readClock, spanText, unknownClock } from "./clock-offset.ts";

const hour = 3_600_000;

/** Readings a minute apart of a clock that is `offsetMs` off, over a network that delays each by up to `delayMs`. */
function read(clock: ClockState, count: number, offsetMs: number, delayMs: number, seed = "clock"): ClockState {
  const random = seededRandom(seed);
  const from = clock.samples.at(-1)?.at ?? 1_700_000_000_000;
  let state = clock;
  for (let minute = 1; minute <= count; minute += 1) {
    const reading = { at: from + minute * 60_000, offsetMs: offsetMs + Math.round(random() * delayMs) };
    state = readClock(state, "hello", reading);
  }
  return state;
}

test("a clock that agrees counts as right, however the network delays", () => {
  assert.equal(read(unknownClock, 20, 0, 1_500).offsetMs, 0);
  assert.equal(read(unknownClock, 20, -900, 500).offsetMs, 0);
});

test("a clock two hours off is known within seconds from its first word, on a slow line from its tenth", () => {
  const first = read(unknownClock, 1, 2 * hour, 100);
  assert.ok(Math.abs(first.offsetMs - 2 * hour) <= 100);
  const slow = read(unknownClock, 10, -2 * hour, 20_000);
  assert.ok(slow.offsetMs >= -2 * hour && slow.offsetMs <= -2 * hour + 6_000, `${slow.offsetMs}`);
});

test("small differences move nothing, so that neighbouring windows stay neighbours", () => {
  let clock = read(unknownClock, 3, 2 * hour, 0);
  const before = clock.offsetMs;
  clock = read(clock, 30, 2 * hour - 1_500, 1_000);
  assert.equal(clock.offsetMs, before);
});

test("a clock that was set is believed after two words, forwards at once", () => {
  const behind = read(unknownClock, 10, 2 * hour, 200);
  assert.equal(read(behind, 1, 0, 200).offsetMs, 0, "it can only be heard later than it spoke");
  const ahead = read(unknownClock, 10, -2 * hour, 200);
  assert.equal(read(ahead, 1, 0, 200).offsetMs, ahead.offsetMs, "one late word may be the network's");
  assert.equal(read(ahead, 2, 0, 200).offsetMs, 0);
});

test("one word held up for minutes does not move the clock", () => {
  const held = readClock(read(unknownClock, 5, 0, 100), "hello", { at: 1_700_000_900_000, offsetMs: 300_000 });
  assert.equal(held.offsetMs, 0);
});

test("what a device says outweighs what its sketches let on", () => {
  const bySketch = readClock(unknownClock, "sketch", { at: 1, offsetMs: 900_000 });
  assert.equal(bySketch.offsetMs, 900_000);
  const said = readClock(bySketch, "hello", { at: 2, offsetMs: 10 });
  assert.equal(said.offsetMs, 0);
  assert.equal(readClock(said, "sketch", { at: 3, offsetMs: 900_000 }).offsetMs, 0);
});

test("says how far off a clock is and which way, from a minute on", () => {
  assert.equal(clockSentence(59_000), undefined);
  assert.match(clockSentence(2 * hour) ?? "", /2 h behind the hub's; its times are corrected/);
  assert.match(clockSentence(-90 * 60_000) ?? "", /1 h 30 min ahead of/);
  assert.deepEqual([12_000, 90_000, 3 * 24 * hour].map(spanText), ["12 s", "2 min", "3 days"]);
});
