import assert from "node:assert/strict";
import { test } from "node:test";
import { agreementOf, labelWord, primaryHead, type Sample } from "./sample.ts";

const sample: Sample = {
  id: "s_1",
  source: "device",
  device: "cam-1",
  at: 1,
  receivedAt: 2,
  release: null,
  blob: "",
  width: 32,
  height: 32,
  encoding: "png",
  reasons: [],
  inclusionProbability: 0.05,
  audit: true,
  predictions: {
    category: { index: 0, confidence: 0.9, margin: 0.8 },
    sign: { index: 3, confidence: 0.62, margin: 0.2 },
  },
  class: "stop",
  confidence: 0.62,
  margin: 0.2,
  track: null,
  split: null,
  context: {},
  labels: {},
  unsure: {},
};
const labelled = (name: string): Sample => ({
  ...sample,
  labels: { sign: { class: name, author: "ada", kind: "human", at: 3, label: "l1" } },
});
const unsure: Sample = { ...sample, unsure: { sign: { author: "ada", at: 3 } } };

test("the primary head is the one whose confidence the sample carries", () => {
  assert.equal(primaryHead(sample), "sign");
  assert.equal(primaryHead({ ...labelled("stop"), predictions: null, confidence: null }), "sign");
  assert.equal(primaryHead({ ...sample, predictions: null, confidence: null }), undefined);
});

test("agreement is about the primary head and says when nobody could tell", () => {
  assert.equal(agreementOf(sample), "no-label");
  assert.equal(agreementOf(labelled("stop")), "agrees");
  assert.equal(agreementOf(labelled("yield")), "differs");
  assert.equal(agreementOf(unsure), "unsure");
  assert.equal(agreementOf({ ...labelled("stop"), class: null }), "no-prediction");
});

test("the label of a head is told in a word", () => {
  assert.equal(labelWord(labelled("yield"), "sign"), "yield");
  assert.equal(labelWord(unsure, "sign"), "unsure");
  assert.equal(labelWord(labelled("yield"), "category"), "no label");
});
