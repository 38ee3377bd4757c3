import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPair, type ReleaseManifest, type Step } from "@fieldloop/devices";
import { makeTinyRelease } from "../releases/tiny-release.ts";
import { compilePlan } from "./plan.ts";

const { manifest, digest } = await makeTinyRelease(generateKeyPair());

const withSteps = (change: (steps: readonly Step[]) => Step[]): ReleaseManifest => ({
  ...manifest,
  pipeline: change(manifest.pipeline),
});
const rule = { name: "sure", head: "sign", minConfidence: 0.5, frames: 3 };

test("compiles a manifest's steps into what every frame does", () => {
  const plan = compilePlan(
    digest,
    withSteps((steps) => [...steps.slice(0, 4), { kind: "rule", rule }, { kind: "sample" }]),
  );
  assert.deepEqual(
    plan.heads.map(({ name, classes }) => `${name}:${classes.length}`),
    ["sign:3", "category:2"],
  );
  assert.deepEqual(plan.rules, [rule]);
  assert.deepEqual([plan.backbone, plan.samples, plan.reports, plan.release], ["backbone", true, false, digest]);
});

const bad: readonly (readonly [string, ReleaseManifest, RegExp])[] = [
  ["a missing step", withSteps((steps) => steps.slice(1)), /step "decode" is missing/],
  ["steps out of order", withSteps(([a, b, ...rest]) => [b as Step, a as Step, ...rest]), /comes after "preprocess"/],
  ["a step twice", withSteps((steps) => [...steps, { kind: "sink" }]), /step "sink" comes after "sink"/],
  [
    "an unknown component",
    withSteps((steps) => steps.map((step) => (step.kind === "backbone" ? { ...step, component: "spine" } : step))),
    /backbone "spine"/,
  ],
  [
    "a rule on a head that does not run",
    withSteps((steps) => [...steps.slice(0, 4), { kind: "rule", rule: { ...rule, head: "pose" } }]),
    /reads head "pose"/,
  ],
  [
    "a head that needs another interface",
    {
      ...manifest,
      components: manifest.components.map((component) =>
        component.name === "sign" ? { ...component, interface: `sha256:${"0".repeat(64)}` } : component,
      ),
    },
    /head "sign" needs interface/,
  ],
];

for (const [what, broken, sentence] of bad) {
  test(`refuses ${what}`, () => {
    assert.throws(() => compilePlan(digest, broken), { code: "bad-pipeline", message: sentence });
  });
}
