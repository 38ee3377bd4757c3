import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { type Candidate, chooseBroadly } from "./breadth.ts";

test("as many answers as groups reach every group", () => {
  const random = seededRandom("groups");
  const candidates = groups(10, 12, random);
  const chosen = chooseBroadly(candidates, [], 10, random);
  assert.equal(new Set(chosen.map((choice) => groupOf(choice.candidate))).size, 10);
});

test("groups that hold an answered unit are left to the end", () => {
  const random = seededRandom("answered");
  const candidates = groups(6, 8, random);
  const answered = candidates.filter((candidate) => ["g0", "g1"].includes(groupOf(candidate)!)).slice(0, 12);
  const open = candidates.filter((candidate) => !answered.includes(candidate));
  const chosen = chooseBroadly(open, answered.slice(0, 2), 4, random);
  assert.equal(chosen.length, 4);
  assert.ok(!chosen.some((choice) => answered.includes(choice.candidate)));
});

test("never offers more units than there are and never one twice", () => {
  const random = seededRandom("few");
  const chosen = chooseBroadly(groups(2, 3, random), [], 50, random);
  assert.equal(new Set(chosen.map((choice) => choice.candidate.id)).size, 6);
});

test("equal embeddings are told apart by uncertainty", () => {
  const candidates = [0.1, 0.9, 0.4].map((uncertainty, index) => ({ id: `t${index}`, embedding: [1, 1], uncertainty }));
  const [first] = chooseBroadly(candidates, [], 1, seededRandom(1));
  assert.equal(first?.candidate.id, "t1");
});

test("equal seeds choose alike", () => {
  const candidates = groups(5, 20, seededRandom("same"));
  const ids = () => chooseBroadly(candidates, [], 20, seededRandom(7)).map((choice) => choice.candidate.id);
  assert.deepEqual(ids(), ids());
});

const groupOf = (candidate: Candidate) => candidate.id.split("-")[0];

function groups(count: number, members: number, random: () => number): Candidate[] {
  return Array.from({ length: count * members }, (_, index) => {
    const group = index % count;
    const embedding = Array.from(
      { length: 8 },
      (_, axis) => (axis === group % 8 ? 10 + 10 * Math.floor(group / 8) : 0) + random(),
    );
    return { id: `g${group}-${index}`, embedding, uncertainty: random() };
  });
}
