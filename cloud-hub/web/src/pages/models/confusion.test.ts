import assert from "node:assert/strict";
import { test } from "node:test";
import { layOutConfusion, worstConfusions } from "./confusion.ts";

const count = (truth: string, answer: string, samples: number) => ({ truth, answer, samples, ids: [`${truth}-1`] });
const counts = [
  count("stop", "stop", 90),
  count("stop", "yield", 10),
  count("speed 30", "speed 30", 40),
  count("speed 30", "speed 80", 30),
  count("speed 80", "speed 80", 20),
  count("speed 100", "speed 100", 5),
];

test("every class has a row and a column and no count is lost", () => {
  const { classes, rows, samples } = layOutConfusion(counts, "name");
  assert.deepEqual(classes, ["speed 30", "speed 80", "speed 100", "stop", "yield"]);
  assert.equal(samples, 195);
  assert.ok(rows.every((row) => row.cells.length === 5));
  const stop = rows.find((row) => row.truth === "stop")!;
  assert.equal(stop.right, 0.9);
  assert.deepEqual(
    stop.cells.find((cell) => cell.answer === "yield"),
    {
      truth: "stop",
      answer: "yield",
      samples: 10,
      ids: ["stop-1"],
      share: 0.1,
      isRight: false,
    },
  );
});

test("a class without samples has no share of right answers", () => {
  const { rows } = layOutConfusion(counts, "name");
  assert.ok(Number.isNaN(rows.find((row) => row.truth === "yield")!.right));
});

test("most confused classes come first, and those taken for each other become neighbours", () => {
  assert.deepEqual(layOutConfusion(counts, "errors").classes.slice(0, 2), ["speed 30", "speed 80"]);
  const shuffled = [...counts, count("yield", "speed 100", 3)];
  const { classes } = layOutConfusion(shuffled, "neighbours");
  const isBeside = (a: string, b: string) => Math.abs(classes.indexOf(a) - classes.indexOf(b)) === 1;
  assert.ok(isBeside("speed 30", "speed 80"));
  assert.ok(isBeside("stop", "yield"));
  assert.equal(new Set(classes).size, 5);
});

test("the fullest wrong cells are named first", () => {
  const worst = worstConfusions(layOutConfusion(counts, "name"), 1);
  assert.deepEqual(
    worst.map(({ truth, answer }) => [truth, answer]),
    [["speed 30", "speed 80"]],
  );
});

test("no counts make an empty matrix", () => {
  assert.deepEqual(layOutConfusion([], "neighbours"), { classes: [], rows: [], samples: 0 });
});
