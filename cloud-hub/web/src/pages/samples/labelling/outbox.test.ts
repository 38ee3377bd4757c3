import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, type Delivery, type Letter, type OutboxWorld, openOutbox } from "./outbox.ts";

function memoryStorage(isFull = false): OutboxWorld["storage"] {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      if (isFull) throw new DOMException("full", "QuotaExceededError");
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
  };
}

/** A world whose hub answers by a function, with a clock that only waits move. */
function world(answer: (letter: Letter) => Delivery | Promise<Delivery>, storage = memoryStorage()) {
  const sent: string[] = [];
  const waits: { ms: number; run: () => void }[] = [];
  let now = 1_000_000;
  const parts: OutboxWorld = {
    storage,
    send: async (letter) => {
      sent.push(letter.id);
      return answer(letter);
    },
    clock: () => now,
    random: () => 0.5,
    wait: (ms, run) => {
      const entry = { ms, run };
      waits.push(entry);
      return () => void waits.splice(waits.indexOf(entry), waits.includes(entry) ? 1 : 0);
    },
    exclusive: (run) => run(),
  };
  const elapse = async () => {
    const due = waits.splice(0);
    for (const { ms, run } of due) {
      now += ms;
      run();
    }
    await settle();
    return due.map(({ ms }) => ms);
  };
  return { parts, sent, elapse, storage };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 2));
const letter = (id: string) => ({ id, path: "/v1/labels", body: { class: id } });

test("letters are sent in order and nothing stays behind", async () => {
  const { parts, sent } = world(() => ({ kind: "stored" }));
  const outbox = openOutbox(parts);
  for (const id of ["a", "b", "c"]) outbox.post(letter(id));
  assert.equal(outbox.state().waiting, 3);
  await settle();
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.equal(outbox.state().waiting, 0);
});

test("a hub that is gone gets every letter when it is back, in order", async () => {
  let isDown = true;
  const { parts, elapse } = world((each) => {
    if (isDown) throw new TypeError("Failed to fetch");
    stored.push(each.id);
    return { kind: "stored" };
  });
  const stored: string[] = [];
  const outbox = openOutbox(parts);
  for (const id of ["a", "b", "c"]) outbox.post(letter(id));
  await settle();
  const waits = [...(await elapse()), ...(await elapse()), ...(await elapse())];
  assert.deepEqual(waits, [375, 750, 1500]);
  assert.notEqual(outbox.state().failingSince, null);
  isDown = false;
  await elapse();
  assert.deepEqual(stored, ["a", "b", "c"]);
  assert.equal(outbox.state().waiting, 0);
  assert.equal(outbox.state().failingSince, null);
});

test("a page that is closed before the hub answers leaves its letters to the next one", async () => {
  const storage = memoryStorage();
  const first = world(() => ({ kind: "later", why: "gone" }), storage);
  const closed = openOutbox(first.parts);
  closed.post(letter("a"));
  await settle();
  closed.close();
  const second = world(() => ({ kind: "stored" }), storage);
  const next = openOutbox(second.parts);
  await settle();
  assert.deepEqual(second.sent, ["a"]);
  assert.equal(next.state().waiting, 0);
});

test("a refused letter is kept with its sentence and those behind it go on", async () => {
  const { parts } = world(({ id }) => (id === "a" ? { kind: "refused", why: "no such sample" } : { kind: "stored" }));
  const outbox = openOutbox(parts);
  outbox.post(letter("a"));
  outbox.post(letter("b"));
  await settle();
  assert.deepEqual(
    outbox.state().refused.map((each) => [each.letter.id, each.why]),
    [["a", "no such sample"]],
  );
  assert.equal(outbox.state().waiting, 0);
  outbox.forgetRefused("a");
  assert.deepEqual(outbox.state().refused, []);
});

test("signed out, letters wait until the person is back", async () => {
  let isSignedIn = false;
  const { parts, sent, elapse } = world(() =>
    isSignedIn ? { kind: "stored" } : { kind: "signed-out", why: "sign in" },
  );
  const outbox = openOutbox(parts);
  outbox.post(letter("a"));
  await settle();
  assert.equal(outbox.state().isSignedOut, true);
  assert.deepEqual(await elapse(), []);
  isSignedIn = true;
  outbox.retryNow();
  await settle();
  assert.deepEqual(sent, ["a", "a"]);
  assert.equal(outbox.state().waiting, 0);
});

test("only a letter that was never sent can be taken back", async () => {
  const held = Promise.withResolvers<Delivery>();
  const { parts, sent } = world(({ id }) => (id === "a" ? held.promise : { kind: "stored" }));
  const outbox = openOutbox(parts);
  outbox.post(letter("a"));
  outbox.post(letter("b"));
  await settle();
  assert.equal(outbox.withdraw("a"), false);
  assert.equal(outbox.withdraw("b"), true);
  held.resolve({ kind: "stored" });
  await settle();
  assert.deepEqual(sent, ["a"]);
});

test("without room in storage letters are kept in memory, said so, and sent", async () => {
  const { parts, sent, elapse } = world(
    () => (sent.length > 1 ? { kind: "stored" } : { kind: "later", why: "gone" }),
    memoryStorage(true),
  );
  const outbox = openOutbox(parts);
  outbox.post(letter("a"));
  await settle();
  assert.equal(outbox.state().isDurable, false);
  assert.equal(outbox.state().waiting, 1);
  await elapse();
  assert.equal(outbox.state().waiting, 0);
});

test("what somebody else wrote under the outbox's name is passed over", async () => {
  const storage = memoryStorage();
  storage.setItem("fieldloop.outbox.0.broken", "{");
  const { parts } = world(() => ({ kind: "stored" }), storage);
  const outbox = openOutbox(parts);
  outbox.post(letter("a"));
  await settle();
  assert.equal(outbox.state().waiting, 0);
});

test("waits double up to a quarter of a minute and differ from tab to tab", () => {
  assert.deepEqual(
    [1, 2, 3, 9].map((failures) => backoffMs(failures, () => 1)),
    [500, 1000, 2000, 15_000],
  );
  assert.equal(
    backoffMs(1, () => 0),
    250,
  );
});
