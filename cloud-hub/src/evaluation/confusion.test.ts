import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabelledSample } from "../dataset/labelled-sample.ts";
import { confusionOf } from "./confusion.ts";
import { accuracyOf } from "./evaluation.ts";
import type { Judgement } from "./judgement.ts";
import { slicesOf } from "./slices.ts";

const judged = (
  index: number,
  truth: string,
  answer: string,
  context: Record<string, string | number> = {},
): Judgement => {
  const sample = {
    id: `s_${index}`,
    unit: `u-${index}`,
    device: `cam-${index % 2}`,
    context,
  } as unknown as LabelledSample;
  return { sample, head: "sign", truth, answer, isRight: truth === answer };
};

test("a confusion matrix counts what was taken for what and names samples behind each cell", () => {
  const rows = [
    ...Array.from({ length: 30 }, (_, index) => judged(index, "stop", "stop")),
    judged(100, "stop", "yield"),
    judged(101, "stop", "yield"),
    judged(102, "yield", "yield"),
    judged(103, "yield", "no such class"),
  ];
  const { classes, cells } = confusionOf(rows);
  assert.deepEqual(classes, ["stop", "yield", "no such class"]);
  assert.equal(
    cells.reduce((sum, cell) => sum + cell.samples, 0),
    rows.length,
  );
  const mistaken = cells.find(({ truth, answer }) => truth === "stop" && answer === "yield");
  assert.deepEqual(mistaken?.ids, ["s_100", "s_101"]);
  const right = cells.find(({ truth, answer }) => truth === "stop" && answer === "stop");
  assert.deepEqual([right?.samples, right?.ids.length], [30, 20]);
});

test("slices are by class, device and words of the context, the worst first, and none stands on fewer than five units", () => {
  const rows = Array.from({ length: 40 }, (_, index) => {
    const light = index % 4 === 0 ? "dusk" : "day";
    return judged(index, index < 37 ? "stop" : "rare", light === "dusk" ? "yield" : "stop", { light, frame: index });
  });
  const slices = slicesOf(rows, (members) => accuracyOf(members, () => 1));
  const names = slices.map(({ slice }) => slice);
  assert.deepEqual(new Set(names), new Set(["class=stop", "device=cam-0", "device=cam-1", "light=dusk", "light=day"]));
  assert.equal(names[0], "light=dusk");
  assert.deepEqual([slices[0]?.accuracy.value, slices[0]?.samples, slices[0]?.accuracy.n], [0, 10, 10]);
});
