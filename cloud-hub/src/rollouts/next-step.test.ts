import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextStep, type RolloutFacts, stopStep } from "./next-step.ts";
import { type DeviceProgress, devicesOf, hasEnded } from "./progress.ts";
import { freshRollout, silence, verdictOf } from "./rollout.fixture.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import { afterStep, type Step } from "./step.ts";

/** A rollout under test beside a world of devices that a test changes. */
class Course {
  rollout: Rollout;
  now = 0;
  verdict: Verdict | null = null;
  readonly progress = new Map<string, DeviceProgress>();
  readonly steps: Step[] = [];
  readonly offered: string[] = [];
  readonly desired = new Map<string, string>();
  #number = 0;

  constructor(rollout: Rollout) {
    this.rollout = rollout;
  }

  says(device: string, change: Partial<DeviceProgress>): void {
    this.progress.set(device, { ...(this.progress.get(device) ?? silence), ...change });
  }

  take(step: Step): void {
    for (const { device, release } of step.wanted ?? []) {
      this.desired.set(device, release);
      if (release === this.rollout.release) this.offered.push(device);
    }
    const devices = step.devices?.map((change) =>
      step.wanted?.some(({ device }) => device === change.device) ? { ...change, number: ++this.#number } : change,
    );
    this.rollout = afterStep(this.rollout, { ...step, ...(devices === undefined ? {} : { devices }) }, this.now);
    this.steps.push(step);
  }

  /** Lets time pass, then takes every step that follows. */
  at(now: number): this {
    this.now = now;
    const facts = (): RolloutFacts => ({ now, progress: this.progress, verdict: this.verdict });
    for (let step = nextStep(this.rollout, facts()); step !== undefined; step = nextStep(this.rollout, facts())) {
      assert.ok(this.steps.length < 500, "a rollout comes to rest");
      this.take(step);
    }
    return this;
  }

  states(): string {
    return devicesOf(this.rollout)
      .map(({ device, state }) => `${device}:${state}`)
      .join(" ");
  }
}

const good = (course: Course, ...devices: string[]) => {
  for (const device of devices) course.says(device, { firstPredictionAt: course.now + 500 });
  course.verdict = verdictOf("healthy");
};

test("a good release passes its waves one after the other, each after its soak", () => {
  const course = new Course(freshRollout([1, 2])).at(0);
  assert.equal(course.states(), "a:offered b:waiting c:waiting");
  good(course, "a");
  assert.equal(course.at(9_000).states(), "a:running b:waiting c:waiting");
  assert.equal(course.at(10_000).states(), "a:running b:offered c:offered");
  good(course, "b", "c");
  course.at(20_500);
  assert.equal(course.rollout.state, "completed");
  assert.match(course.rollout.reason, /3 of 3 devices answer/);
  assert.deepEqual(course.offered, ["a", "b", "c"]);
});

test("a refusal in wave one stops at the first: others are never asked, the refusing one gets its release back", () => {
  const course = new Course(freshRollout([2, 2])).at(0);
  course.says("a", { firstPredictionAt: 500 });
  course.says("b", { refusal: "refused (golden-failed): 3 of 16 samples differ." });
  course.at(1000);
  assert.deepEqual([course.rollout.state, course.rollout.cause], ["stopped", "cannot-start"]);
  assert.equal(course.states(), "a:returned b:refused c:waiting d:waiting");
  assert.deepEqual(
    [...course.desired],
    [
      ["a", "old"],
      ["b", "old"],
    ],
  );
  assert.match(course.rollout.reason, /golden-failed.*2 devices were never asked/);
});

test("later waves bear a share of refusals, and what refused gets its release back in the end", () => {
  const gate = { ...freshRollout([1]).gate, refusals: { first: 1, later: "20%" as const } };
  const course = new Course(freshRollout([1, 10], { gate })).at(0);
  good(course, "a");
  course.at(10_000);
  good(course, ..."bcdefghij");
  course.says("k", { refusal: "refused (failed-trial): it crashed." });
  assert.equal(course.at(30_000).rollout.state, "completed");
  assert.equal(course.desired.get("k"), "old");
  course.says("j", { refusal: "too late to matter" });
  assert.equal(nextStep(course.rollout, { now: 40_000, progress: course.progress, verdict: null }), undefined);
});

test("harm stops and takes back every touched device, also those that are away", () => {
  const course = new Course(freshRollout([2, 1])).at(0);
  course.says("a", { firstPredictionAt: 500 });
  course.verdict = verdictOf("harm");
  course.at(5000);
  assert.deepEqual([course.rollout.state, course.rollout.cause, course.rollout.endedAt], ["stopped", "harm", 5000]);
  assert.equal(course.states(), "a:returned b:returned c:waiting");
  assert.equal(course.rollout.waves[0]!.verdict?.decision, "harm");
});

test("silence is not health: without data a wave ends the rollout after its longest soak", () => {
  const course = new Course(freshRollout([1, 1])).at(0);
  assert.equal(course.at(59_999).rollout.state, "running");
  course.at(60_000);
  assert.deepEqual([course.rollout.state, course.rollout.cause], ["stopped", "too-little-data"]);
  assert.match(course.rollout.reason, /only 0 of 1 device answered/);
  assert.equal(course.desired.get("a"), "old");
});

test("a wave is healthy by the share that answered; the rest join later and are still judged", () => {
  const course = new Course(freshRollout([2, 2])).at(0);
  good(course, "a");
  course.at(10_000);
  good(course, "c", "d");
  course.at(20_500);
  assert.deepEqual([course.rollout.state, course.states()], ["running", "a:running b:offered c:running d:running"]);
  course.says("b", { firstPredictionAt: 50_000 });
  course.at(50_500);
  assert.equal(course.rollout.state, "running", "the latecomer soaks too");
  course.verdict = verdictOf("harm");
  course.at(51_000);
  assert.deepEqual([course.rollout.cause, course.states()], ["harm", "a:returned b:returned c:returned d:returned"]);
});

test("a device that never comes is taken back when it was waited for enough", () => {
  const course = new Course(freshRollout([2])).at(0);
  good(course, "a");
  course.at(10_000).at(129_999);
  assert.equal(course.rollout.state, "running");
  course.at(130_000);
  assert.deepEqual([course.rollout.state, course.states()], ["completed", "a:running b:returned"]);
  assert.match(course.rollout.reason, /b did not come within 2 min/);
});

test("a device that contradicts itself is named and is no evidence", () => {
  const course = new Course(freshRollout([1, 1])).at(0);
  good(course, "a");
  course.says("a", { contradiction: "It says one thing and its windows another." });
  course.at(10_000);
  assert.equal(course.rollout.waves[0]!.state, "open");
  assert.match(course.rollout.reason, /a: It says one thing/);
  course.says("a", { contradiction: null });
  assert.equal(course.at(11_000).rollout.waves[0]!.state, "healthy");
});

test("a revoked device leaves; a wave of which nobody is left goes on", () => {
  const course = new Course(freshRollout([1, 1]));
  course.says("a", { gone: "Its credential was revoked." });
  course.at(0);
  assert.equal(course.states(), "a:left b:offered");
});

test("a paused rollout opens nothing, is judged on, and its clock of silence stands still", () => {
  const course = new Course(freshRollout([1, 1])).at(0);
  good(course, "a");
  course.take({ kind: "pause", sentence: "Paused.", rollout: { state: "paused" } });
  course.at(100_000);
  assert.deepEqual([course.rollout.waves[0]!.state, course.states()], ["healthy", "a:running b:waiting"]);
  course.take({ kind: "resume", sentence: "On.", rollout: { state: "running", resumedAt: 100_000 } });
  assert.equal(course.at(100_000).states(), "a:running b:offered");
  course.take({ kind: "pause", sentence: "Paused.", rollout: { state: "paused" } });
  course.verdict = verdictOf("harm");
  course.at(200_000);
  assert.deepEqual([course.rollout.state, course.rollout.cause], ["stopped", "harm"]);
});

test("a device without a release before keeps the new one, for it has nothing to go back to", () => {
  const rollout = freshRollout([1]);
  const device = { ...rollout.waves[0]!.devices[0]!, previous: null };
  const course = new Course({ ...rollout, waves: [{ ...rollout.waves[0]!, devices: [device] }] }).at(0);
  course.says("a", { firstPredictionAt: 10 });
  course.verdict = verdictOf("harm");
  course.at(5000);
  assert.deepEqual([course.rollout.state, course.states(), course.desired.get("a")], ["stopped", "a:running", "new"]);
});

test("devices that ran nothing before are healthy once they answer and soaked, for nothing can be compared", () => {
  const rollout = freshRollout([1]);
  const device = { ...rollout.waves[0]!.devices[0]!, previous: null };
  const course = new Course({ ...rollout, waves: [{ ...rollout.waves[0]!, devices: [device] }] }).at(0);
  course.at(9000);
  assert.equal(course.rollout.waves[0]!.state, "open");
  course.says("a", { firstPredictionAt: 500 });
  assert.equal(course.at(10_500).rollout.state, "completed");
  assert.match(course.rollout.steps.map(({ sentence }) => sentence).join(" "), /ran nothing before/);
});

test("a large wave is asked in steps of a thousand, and given back so too", () => {
  const course = new Course(freshRollout([2500])).at(0);
  assert.deepEqual(
    course.steps.map(({ kind, wanted }) => [kind, wanted?.length]),
    [
      ["open-wave", 1000],
      ["offer", 1000],
      ["offer", 500],
    ],
  );
  course.verdict = verdictOf("harm");
  course.at(1000);
  assert.deepEqual(
    course.steps.slice(3).map(({ kind, wanted }) => [kind, wanted?.length]),
    [
      ["stop", 1000],
      ["return", 1000],
      ["return", 500],
    ],
  );
  assert.ok([...course.desired.values()].every((release) => release === "old"));
});

type Act =
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "answer" | "refuse" | "lie" | "honest" | "revoke"; readonly device: number }
  | { readonly kind: "verdict"; readonly decision: Verdict["decision"] }
  | { readonly kind: "pause" | "resume" | "abort" };

const acts = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          "answer",
          "answer",
          "answer",
          "refuse",
          "lie",
          "honest",
          "revoke",
        ) as fc.Arbitrary<"answer">,
        device: fc.integer({ min: 0, max: 11 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("verdict" as const),
        decision: fc.constantFrom("wait", "healthy", "healthy", "healthy", "harm") as fc.Arbitrary<Verdict["decision"]>,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("pause", "resume", "abort") as fc.Arbitrary<"pause"> }) },
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Act[]>;

test("whatever happens, no wave is skipped, nobody is asked twice, and it ends where its rules demand", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(sizes, acts, (waves, list) => {
      const course = new Course(freshRollout(waves)).at(0);
      for (const act of list) {
        perform(course, act);
        course.at(course.now);
        requireSound(course);
      }
      for (let hours = 0; hours < 60; hours += 1) course.at(course.now + 60_000);
      if (course.rollout.state === "paused") return;
      assert.ok(hasEnded(course.rollout), `it ends: ${course.rollout.reason}`);
      requireSound(course);
    }),
    { seed: 11, numRuns: 2000 },
  );
});

function perform(course: Course, act: Act): void {
  const { rollout, now } = course;
  const isGoing = !hasEnded(rollout);
  if (act.kind === "pass") course.at(now + act.ms);
  else if (act.kind === "verdict") course.verdict = verdictOf(act.decision);
  else if ("device" in act) deviceSays(course, act);
  else if (act.kind === "pause" && rollout.state === "running") {
    course.take({ kind: "pause", sentence: "Paused.", rollout: { state: "paused" } });
  } else if (act.kind === "resume" && rollout.state === "paused") {
    course.take({ kind: "resume", sentence: "On.", rollout: { state: "running", resumedAt: now } });
  } else if (act.kind === "abort" && isGoing) {
    course.take(stopStep(rollout, { cause: "aborted", at: now, why: "Enough." }));
  }
}

function deviceSays(course: Course, { kind, device }: Extract<Act, { device: number }>): void {
  const found = devicesOf(course.rollout)[device];
  if (found === undefined) return;
  if (kind === "revoke") course.says(found.device, { gone: "Revoked." });
  if (kind === "lie") course.says(found.device, { contradiction: "It lies." });
  if (kind === "honest") course.says(found.device, { contradiction: null });
  if (found.state === "waiting") return;
  if (kind === "answer") course.says(found.device, { firstPredictionAt: course.now });
  if (kind === "refuse") course.says(found.device, { refusal: "refused (golden-failed): no." });
}

function requireSound({ rollout, offered, desired, steps }: Course): void {
  assert.equal(new Set(offered).size, offered.length, "nobody is asked twice");
  const states = rollout.waves.map(({ state }) => state);
  const opened = states.filter((state) => state !== "waiting").length;
  assert.ok(
    states.slice(0, opened).every((state) => state !== "waiting"),
    "no wave is skipped",
  );
  assert.ok(
    states.slice(0, Math.max(0, opened - 1)).every((state) => state === "healthy"),
    "one wave after the other",
  );
  for (const { device, state } of devicesOf(rollout)) {
    if (state === "waiting") assert.ok(!desired.has(device), "who waits was not asked");
    if (state === "returned") assert.equal(desired.get(device), "old");
  }
  if (!hasEnded(rollout)) return;
  assert.equal(steps.filter(({ rollout: change }) => change?.endedAt !== undefined).length, 1, "it ends once");
  for (const { device, state } of devicesOf(rollout)) {
    assert.notEqual(state, "offered", "nobody is left with an offer");
    if (rollout.state !== "completed") assert.notEqual(state, "running", "nobody is left on it");
    if (state === "running") assert.equal(desired.get(device), "new");
    if (state === "refused") assert.equal(desired.get(device), "old");
  }
}
