import assert from "node:assert/strict";
import { test } from "node:test";
import { createPageCache, type PageCache } from "./page-cache.ts";

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function numbers(total: number, pageSize = 100, keepPages = 5) {
  const calls: number[] = [];
  let isDown = false;
  const cache = createPageCache<number>({
    pageSize,
    keepPages,
    onChange: () => {},
    fetchPage: async (cursor) => {
      const from = Number(cursor ?? 0);
      calls.push(from);
      if (isDown) throw new Error("down");
      const items = Array.from({ length: Math.min(pageSize, total - from) }, (_, index) => from + index);
      return from + pageSize < total ? { items, next: String(from + pageSize) } : { items };
    },
  });
  return { cache, calls, setDown: (down: boolean) => (isDown = down) };
}

async function scrollTo(cache: PageCache<number>, index: number): Promise<void> {
  cache.want(index - 20, index);
  for (let turn = 0; turn < 3000 && cache.at(index) === undefined && !cache.isComplete(); turn += 1) {
    await settle();
    cache.want(Math.min(index, cache.length()) - 20, Math.min(index, cache.length()));
  }
}

test("a list of 100,000 is walked to its end with few pages in memory", async () => {
  const { cache, calls } = numbers(100_000);
  await scrollTo(cache, 99_999);
  await settle();
  assert.equal(cache.length(), 100_000);
  assert.equal(cache.isComplete(), true);
  assert.equal(cache.at(99_999), 99_999);
  assert.equal(cache.at(0), undefined);
  assert.equal(calls.length, 1000);
});

test("what was forgotten comes back by where its page began", async () => {
  const { cache, calls } = numbers(2000);
  await scrollTo(cache, 1999);
  calls.length = 0;
  cache.want(0, 30);
  await settle();
  assert.equal(cache.at(30), 30);
  assert.deepEqual(calls, [0]);
});

test("a page is asked for once however often it is wanted", async () => {
  const { cache, calls } = numbers(500);
  for (let time = 0; time < 10; time += 1) cache.want(0, 10);
  await settle();
  assert.deepEqual(calls, [0]);
});

test("after a failure nothing is fetched until it is tried again", async () => {
  const { cache, calls, setDown } = numbers(500);
  setDown(true);
  cache.want(0, 10);
  await settle();
  assert.match(String(cache.error()), /down/);
  cache.want(0, 10);
  await settle();
  assert.equal(calls.length, 1);
  setDown(false);
  cache.retry();
  await settle();
  assert.equal(cache.at(10), 10);
  assert.equal(cache.error(), undefined);
});

test("an empty list is complete", async () => {
  const { cache } = numbers(0);
  cache.want(0, 10);
  await settle();
  assert.equal(cache.length(), 0);
  assert.equal(cache.isComplete(), true);
});

test("newer facts take the place of older ones and what came since does not shift the list", async () => {
  let rows = [
    { id: "c", label: "" },
    { id: "b", label: "" },
    { id: "a", label: "" },
  ];
  const cache = createPageCache({
    pageSize: 3,
    keepPages: 5,
    onChange: () => {},
    fetchPage: async () => ({ items: rows }),
  });
  cache.want(0, 2);
  await settle();
  rows = [
    { id: "d", label: "" },
    { id: "c", label: "stop" },
    { id: "b", label: "" },
  ];
  await cache.refresh((row) => row.id);
  assert.deepEqual(
    [0, 1, 2].map((index) => cache.at(index)),
    [
      { id: "c", label: "stop" },
      { id: "b", label: "" },
      { id: "a", label: "" },
    ],
  );
});

test("a closed cache keeps still", async () => {
  const { cache, calls } = numbers(500);
  cache.want(0, 10);
  cache.close();
  await settle();
  cache.want(100, 200);
  await settle();
  assert.equal(calls.length, 1);
});
