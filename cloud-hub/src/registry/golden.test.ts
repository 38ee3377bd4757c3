import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMessage } from "@fieldloop/devices";
import { HubError } from "../errors.ts";
import { chooseGolden, type GoldenCandidate, givenGolden } from "./golden.ts";

test("clear samples come first, and a sample on which targets disagree is not clear", () => {
  const candidates = Array.from({ length: 60 }, (_, index) =>
    candidate(index, index % 3 === 0 ? [0.6, 0.4] : [0.95, 0.05]),
  );
  const split = { ...candidate(99, [0.9, 0.1]), answers: [answer([0.9, 0.1]), answer([0.1, 0.9])] };
  const golden = chooseGolden([...candidates, split]);
  const set = decodeMessage("golden", golden.bytes);
  assert.ok(golden.samples >= 16);
  assert.equal(set.samples.length, golden.samples);
  assert.ok(set.samples.filter((sample) => sample.clear).length >= 16);
  assert.ok(set.samples.every((sample) => !sample.clear || sample.expected.sign!.probabilities[0]! > 0.9));
});

test("the tolerance is twice the largest difference between the released targets", () => {
  const candidates = Array.from({ length: 30 }, (_, index) => ({
    ...candidate(index, [0.95, 0.05]),
    answers: [answer([0.95, 0.05]), answer([0.85, 0.15])],
  }));
  assert.ok(Math.abs(chooseGolden(candidates).tolerance - 0.2) < 1e-6);
});

test("too few validation images are refused in one sentence", () => {
  assert.throws(
    () => chooseGolden([candidate(1, [0.9, 0.1])]),
    (error) => error instanceof HubError && error.code === "no-golden",
  );
});

test("a caller's golden set must be one", () => {
  assert.throws(
    () => givenGolden("AAAA", 0.1),
    (error) => error instanceof HubError && error.code === "no-golden",
  );
  const { bytes, samples } = chooseGolden(Array.from({ length: 20 }, (_, index) => candidate(index, [0.95, 0.05])));
  assert.equal(givenGolden(Buffer.from(bytes).toString("base64"), 0.3).samples, samples);
});

function candidate(index: number, probabilities: number[]): GoldenCandidate {
  const image = { width: 2, height: 2, data: new Uint8Array(12).fill(index) };
  return { id: `s_${index}`, image, answers: [answer(probabilities)] };
}

function answer(probabilities: number[]) {
  return { heads: { sign: Float32Array.from(probabilities) }, embedding: new Float32Array(4) };
}
