import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { detectProfile, profileNamed, profiles } from "./detect.ts";
import type { MachineFacts } from "./profile.ts";

const factsOf = (name: string): MachineFacts =>
  JSON.parse(readFileSync(new URL(`../../fixtures/machines/${name}.json`, import.meta.url), "utf8")) as MachineFacts;

for (const name of profiles.map((profile) => profile.name)) {
  test(`detects ${name} from the machine's files`, () => {
    assert.equal(detectProfile(factsOf(name))?.name, name);
  });
}

test("does not guess the profile of a machine that it does not know", () => {
  assert.equal(detectProfile({ arch: "riscv64", cpuinfo: "", deviceTreeModel: "SiFive" }), undefined);
});

test("names the known profiles when asked for another", () => {
  assert.throws(() => profileNamed("jetson-nano"), { code: "unknown-profile", message: /jetson-orin-nano/ });
});
