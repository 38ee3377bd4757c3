import assert from "node:assert/strict";
import { test } from "node:test";
import { type FitCard, profileNamed } from "@fieldloop/devices";
import { chooseTarget } from "./target-choice.ts";

const x86 = profileNamed("x86-64");
const fp32 = card("ort-cpu-fp32", 200, 0);

test("the preferred variant is chosen while it is as fast and as right as fp32", () => {
  const choice = chooseTarget(x86, [fp32, card("ort-cpu-x86", 150, -0.002)], {}, "x86-64");
  assert.equal(choice.target, "ort-cpu-x86");
  assert.match(choice.why, /^ort-cpu-x86 is within its budget/);
});

test("a preferred target that nothing was compiled for is passed over, and the sentence says so", () => {
  const choice = chooseTarget(x86, [fp32], {}, "x86-64");
  assert.equal(choice.target, "ort-cpu-fp32");
  assert.match(choice.why, /^ort-cpu-x86 has no variant; ort-cpu-fp32 is within its budget/);
});

test("a variant slower than fp32 is passed over, and the sentence says by how much", () => {
  const choice = chooseTarget(x86, [fp32, card("ort-cpu-x86", 300, 0)], {}, "x86-64");
  assert.equal(choice.target, "ort-cpu-fp32");
  assert.match(choice.why, /ort-cpu-x86 takes 1\.50× the time of fp32 where 1\.1× is allowed/);
});

test("a budget may allow a slower variant", () => {
  const choice = chooseTarget(x86, [fp32, card("ort-cpu-x86", 300, 0)], { maxSlowdown: 2 }, "x86-64");
  assert.equal(choice.target, "ort-cpu-x86");
});

test("a latency from another processor decides nothing", () => {
  const choice = chooseTarget(x86, [fp32, card("ort-cpu-x86", 900, 0)], {}, "arm64");
  assert.equal(choice.target, "ort-cpu-x86");
});

test("a variant that loses more accuracy than allowed is passed over", () => {
  const choice = chooseTarget(x86, [fp32, card("ort-cpu-x86", 100, -0.03)], {}, "x86-64");
  assert.equal(choice.target, "ort-cpu-fp32");
});

test("a profile for which nothing was compiled gets no target", () => {
  assert.equal(chooseTarget(x86, [], {}, "x86-64").target, undefined);
});

function card(target: string, p50Us: number, difference: number): FitCard {
  const figure = (value: number) => ({ value, low: value - 0.01, high: value + 0.01, n: 40 });
  return {
    target,
    components: {},
    accuracy: figure(0.9),
    agreement: figure(0.99),
    difference: figure(difference),
    latency: { p50Us, p95Us: p50Us * 1.5, n: 200, machine: { name: "test", cores: 2, threads: 1, engine: "ort" } },
    sizeBytes: 1000,
    sizeRatio: 0.3,
    peakMemoryBytes: null,
  };
}
