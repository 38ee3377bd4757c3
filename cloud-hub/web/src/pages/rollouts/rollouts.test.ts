import assert from "node:assert/strict";
import { test } from "node:test";
import type { Wave } from "../../api/rollout.ts";
import { readRolloutForm } from "./new-rollout.ts";
import { progressOf, shownDevice, shownRollout, waveInView, whyNotNow } from "./rollout-state.ts";

const release = `sha256:${"0".repeat(64)}`;
const form = { release, group: "gates", waves: "", soak: "", longestSoak: "" };
const wave = (number: number, state: Wave["state"], devices: Wave["devices"] = []): Wave => ({
  number,
  share: "1",
  state,
  openedAt: null,
  decidedAt: null,
  devices,
  verdict: null,
});

test("an empty field leaves the choice to the hub", () => {
  assert.deepEqual(readRolloutForm(form), { rollout: { release, group: "gates" } });
});

test("waves and spans are read as people write them", () => {
  const read = readRolloutForm({ ...form, waves: "1, 25 %, 100%", soak: "15 min", longestSoak: "1.5h" });
  assert.deepEqual(read, {
    rollout: { release, group: "gates", waves: [1, "25%", "100%"], soakMs: 900_000, longestSoakMs: 5_400_000 },
  });
});

test("every field that cannot be read gets its own sentence", () => {
  const read = readRolloutForm({ release: "v2", group: " ", waves: "half", soak: "soon", longestSoak: "5 years" });
  assert.ok("problems" in read);
  assert.deepEqual(Object.keys(read.problems).sort(), ["group", "longestSoak", "release", "soak", "waves"]);
});

test("a rollout that ended short says why", () => {
  assert.equal(shownRollout({ state: "stopped", cause: "harm" }).word, "stopped for harm");
  assert.equal(shownRollout({ state: "completed", cause: null }).word, "completed");
});

test("no two states of a device share a mark, and none is told by colour alone", () => {
  const states = ["waiting", "offered", "running", "refused", "returned", "left"] as const;
  const marks = states.map((state) => shownDevice({ state }).mark);
  assert.equal(new Set(marks).size, states.length);
});

test("the wave in view is the open one, else the last decided", () => {
  assert.equal(waveInView([wave(1, "healthy"), wave(2, "open"), wave(3, "waiting")])?.number, 2);
  assert.equal(waveInView([wave(1, "healthy"), wave(2, "stopped"), wave(3, "waiting")])?.number, 2);
  assert.equal(waveInView([wave(1, "waiting")])?.number, 1);
});

test("an order that makes no sense now says why", () => {
  assert.equal(whyNotNow({ state: "running" }, "abort"), undefined);
  assert.equal(whyNotNow({ state: "paused" }, "pause"), "It is paused already.");
  assert.equal(whyNotNow({ state: "stopped" }, "resume"), "It has ended (stopped).");
});

test("progress counts devices that run the release", () => {
  const device = { device: "a", state: "running" } as Wave["devices"][number];
  const other = { device: "b", state: "waiting" } as Wave["devices"][number];
  assert.deepEqual(progressOf({ waves: [wave(1, "open", [device]), wave(2, "waiting", [other])] }), {
    running: 1,
    all: 2,
  });
});
