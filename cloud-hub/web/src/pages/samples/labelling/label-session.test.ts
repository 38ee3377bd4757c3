import assert from "node:assert/strict";
import { test } from "node:test";
import {
  currentQuestion,
  currentVerdict,
  type Effect,
  type LabelSession,
  newSession,
  type SessionEvent,
  step,
  tally,
  upcoming,
} from "./label-session.ts";
import type { Question } from "./question.ts";

const sample = (id: string): Question => ({
  key: id,
  kind: "sample",
  samples: [id],
  track: null,
  device: "cam-1",
  suggestions: { sign: { class: "stop", confidence: 0.8 } },
  why: "",
});
const track = (name: string, frames = 3): Question => ({
  ...sample(name),
  kind: "track",
  samples: Array.from({ length: frames }, (_, index) => `${name}-${index}`),
  track: name,
});
const choose = (id: string, name: string): SessionEvent => ({
  kind: "answer",
  id,
  verdict: { kind: "class", class: name, suggestion: "stop" },
});

function play(events: readonly SessionEvent[], start: LabelSession = newSession("sign")) {
  const effects: Effect[] = [];
  let session = start;
  for (const event of events) {
    const result = step(session, event);
    session = result.session;
    effects.push(...result.effects);
  }
  return { session, effects };
}

const three: SessionEvent = { kind: "arrived", questions: [sample("a"), sample("b"), sample("c")] };

test("an answer is recorded once and the next question is shown", () => {
  const { session, effects } = play([three, choose("1", "yield")]);
  assert.equal(currentQuestion(session)?.samples[0], "b");
  assert.equal(effects.length, 1);
  const [effect] = effects;
  assert.equal(effect?.kind, "record");
  assert.deepEqual(effect?.act.subject, { sample: "a" });
  assert.deepEqual(effect?.act.verdict, { kind: "class", class: "yield", suggestion: "stop" });
});

test("accepting takes the suggestion as it stands", () => {
  const { effects } = play([three, { kind: "accept", id: "1" }]);
  assert.deepEqual(effects[0]?.act.verdict, { kind: "class", class: "stop", suggestion: "stop" });
});

test("nothing is accepted where nothing was suggested", () => {
  const bare = { ...sample("a"), suggestions: {} };
  const { effects } = play([
    { kind: "arrived", questions: [bare] },
    { kind: "accept", id: "1" },
  ]);
  assert.deepEqual(effects, []);
});

test("the same question never comes twice, however often the hub offers it", () => {
  const { session } = play([
    three,
    choose("1", "yield"),
    three,
    { kind: "arrived", questions: [sample("a"), sample("d")] },
  ]);
  assert.deepEqual(
    session.questions.map((question) => question.samples[0]),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual(
    upcoming(session, 9).map((question) => question.samples[0]),
    ["c", "d"],
  );
});

test("undo goes back over questions, newest first, and takes back what was said", () => {
  const { session, effects } = play([
    three,
    choose("1", "yield"),
    choose("2", "stop"),
    { kind: "undo" },
    { kind: "undo" },
  ]);
  assert.deepEqual(
    effects.map(({ kind, act }) => `${kind} ${act.id}`),
    ["record 1", "record 2", "withdraw 2", "withdraw 1"],
  );
  assert.equal(session.position, 0);
  assert.deepEqual(session.verdicts, {});
  assert.deepEqual(play([{ kind: "undo" }], session).effects, []);
});

test("an answer changed and undone is what it was before", () => {
  const { session } = play([
    three,
    choose("1", "yield"),
    { kind: "move", by: -1 },
    choose("2", "stop"),
    { kind: "undo" },
  ]);
  assert.equal(session.position, 0);
  assert.deepEqual(currentVerdict(session), { kind: "class", class: "yield", suggestion: "stop" });
});

test("moving says nothing and stops at the ends", () => {
  const { session, effects } = play([
    three,
    { kind: "move", by: -1 },
    ...Array.from({ length: 9 }, () => ({ kind: "move", by: 1 }) as const),
  ]);
  assert.deepEqual(effects, []);
  assert.equal(session.position, 3);
  assert.equal(currentQuestion(session), undefined);
});

test("a skipped or unsure question is not shown again by going on", () => {
  const { session } = play([
    three,
    { kind: "answer", id: "1", verdict: { kind: "skip" } },
    { kind: "answer", id: "2", verdict: { kind: "unsure" } },
    choose("3", "stop"),
  ]);
  assert.equal(currentQuestion(session), undefined);
  assert.deepEqual(tally(session), { answered: 1, unsure: 1, skipped: 1, open: 0 });
});

test("a track is answered as a whole unless its frames are asked for", () => {
  const { session, effects } = play([{ kind: "arrived", questions: [track("t1"), track("t2")] }, choose("1", "stop")]);
  assert.deepEqual(effects[0]?.act.subject, { track: "t1" });
  assert.equal(session.position, 1);
});

test("frame by frame, each sample is answered before the next track is shown", () => {
  const { session, effects } = play([
    { kind: "arrived", questions: [track("t1"), track("t2")] },
    { kind: "toggle-track" },
    choose("1", "stop"),
    choose("2", "yield"),
    choose("3", "stop"),
  ]);
  assert.deepEqual(
    effects.map(({ act }) => act.subject),
    [{ sample: "t1-0" }, { sample: "t1-1" }, { sample: "t1-2" }],
  );
  assert.equal(session.position, 1);
  assert.equal(session.isWholeTrack, true);
  const back = play([{ kind: "undo" }], session).session;
  assert.deepEqual([back.position, back.frame, back.isWholeTrack], [0, 2, false]);
});

test("a session waits at its end until more arrives", () => {
  const end = play([three, choose("1", "a"), choose("2", "a"), choose("3", "a")]).session;
  assert.equal(currentQuestion(end), undefined);
  assert.equal(currentQuestion(play([{ kind: "arrived", questions: [sample("d")] }], end).session)?.samples[0], "d");
});

test("questions to come that somebody else took are dropped, what is shown and what was answered stay", () => {
  const { session } = play([three, choose("1", "stop"), { kind: "taken", keys: ["a", "b", "c"] }]);
  assert.deepEqual(
    session.questions.map(({ key }) => key),
    ["a", "b"],
  );
  assert.equal(currentQuestion(session)?.key, "b");
});
