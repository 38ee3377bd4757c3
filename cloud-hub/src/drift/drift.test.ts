import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@fieldloop/compiler/statistics";
import { buildReference } from "./reference.ts";
import { alarmIndex, scoreWindow } from "./score.ts";
import { cumulativeDistance } from "./statistic.ts";
import { type FrameFacts, summariseFrames } from "./window.ts";

const size = 16;

test("the distance of two histograms is the area between their cumulative shares", () => {
  assert.equal(cumulativeDistance([1, 0, 0, 0], [1, 0, 0, 0]), 0);
  assert.equal(cumulativeDistance([4, 0, 0, 0], [0, 0, 0, 1]), 0.75);
});

test("windows of the same world stay silent over 400 windows", () => {
  const random = seededRandom("same world");
  const reference = buildReference("old", drawTracks(44, 0, random), random);
  const scores = Array.from({ length: 400 }, () => scoreWindow(drawWindow(19, 0, random), [reference])!.score);
  assert.equal(alarmIndex(scores), undefined, `highest ${Math.max(...scores)}`);
});

test("a darker world raises the alarm at its second window and says which part moved", () => {
  const random = seededRandom("dusk");
  const reference = buildReference("old", drawTracks(44, 0, random), random);
  const scores = Array.from({ length: 6 }, () => scoreWindow(drawWindow(19, 1, random), [reference])!);
  assert.equal(alarmIndex(scores.map((each) => each.score)), 1);
  assert.match(scores[0]!.explanation, /Brightness|embedding|Confidence/);
});

test("a window that looks like a field domain the version was trained on does not drift", () => {
  const random = seededRandom("both");
  const old = buildReference("old", drawTracks(44, 0, random), random);
  const field = buildReference("field", drawTracks(44, 1, random), random);
  const score = scoreWindow(drawWindow(19, 1, random), [old, field])!;
  assert.equal(score.domain, "field");
  assert.ok(score.score < 1);
});

test("a small window is judged by the wider limits of small windows", () => {
  const random = seededRandom("small");
  const reference = buildReference("old", drawTracks(44, 0, random), random);
  const scores = Array.from({ length: 200 }, () => scoreWindow(drawWindow(4, 0, random), [reference])!.score);
  assert.equal(alarmIndex(scores), undefined);
});

test("an alarm needs two windows in a row", () => {
  assert.equal(alarmIndex([2, 0.5, 2, 0.5]), undefined);
  assert.equal(alarmIndex([0.2, 2, 3, 0.5]), 2);
});

function drawWindow(tracks: number, dusk: number, random: Random) {
  return summariseFrames(drawTracks(tracks, dusk, random).flat());
}

function drawTracks(count: number, dusk: number, random: Random): FrameFacts[][] {
  return Array.from({ length: count }, () => {
    const luma = 90 + 100 * random() - 65 * dusk;
    const sure = Math.min(1, 0.75 + 0.3 * random()) - 0.25 * dusk;
    const centre = Array.from({ length: size }, () => random() + 0.3 * dusk);
    return Array.from({ length: 8 }, () => ({
      luma: luma + 10 * random(),
      confidence: { sign: Math.max(0.05, Math.min(1, sure - 0.1 * random())) },
      embedding: centre.map((value) => value + 0.2 * random()),
    }));
  });
}
