import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { validatorOf } from "../validator.ts";
import { detectProfile, profileNamed, profiles } from "./detect.ts";
import { EngineChoiceSchema, targetFamily } from "./engine-choice.ts";
import type { MachineFacts } from "./profile.ts";

const factsOf = (name: string): MachineFacts =>
  JSON.parse(readFileSync(new URL(`../../fixtures/machines/${name}.json`, import.meta.url), "utf8")) as MachineFacts;

for (const name of profiles.map((profile) => profile.name)) {
  test(`detects ${name} from the machine's files`, () => {
    assert.equal(detectProfile(factsOf(name))?.name, name);
  });
}

test("reads what a target's files need from its name", () => {
  const names = [
    "ort-cpu-x86",
    "ort-cuda-fp16",
    "tensorrt-int8-fp16",
    "tflite-int8",
    "onnx-portable",
    "fp32",
    "tflited",
  ];
  assert.deepEqual(names.map(targetFamily), ["onnx", "cuda", "tensorrt", "tflite", "onnx", "onnx", "onnx"]);
});

test("names an engine for every target of every profile, with options that can be read", () => {
  for (const { name, targets, engines } of profiles) {
    for (const engine of engines) assert.ok(validatorOf(EngineChoiceSchema).Check(engine), `${name} ${engine.engine}`);
    for (const target of targets)
      assert.ok(
        engines.some(({ families }) => families.includes(targetFamily(target))),
        `${name} ${target}`,
      );
  }
});

test("does not guess the profile of a machine that it does not know", () => {
  assert.equal(detectProfile({ arch: "riscv64", cpuinfo: "", deviceTreeModel: "SiFive" }), undefined);
});

test("names the known profiles when asked for another", () => {
  assert.throws(() => profileNamed("jetson-nano"), { code: "unknown-profile", message: /jetson-orin-nano/ });
});
