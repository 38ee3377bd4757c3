import assert from "node:assert/strict";
import { test } from "node:test";
import { picture, stationPoint, wayMiddle, wayPath } from "./ring.ts";

test("six stations stand clockwise inside the picture", () => {
  const points = [0, 1, 2, 3, 4, 5].map(stationPoint);
  for (const { x, y } of points) assert.ok(x > 0 && x < picture.width && y > 0 && y < picture.height);
  assert.ok(points[0]!.x < points[1]!.x && points[1]!.x < points[2]!.x);
  assert.ok(points[3]!.y > points[2]!.y && points[4]!.x < points[3]!.x && points[5]!.x < points[4]!.x);
});

test("each way begins where the one before ended", () => {
  for (let index = 0; index < 6; index += 1) {
    const { x, y } = stationPoint(index + 1);
    assert.ok(wayPath(index).endsWith(`${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`));
  }
});

test("arrows point clockwise: to the right at the top, to the left at the bottom, up on the left", () => {
  assert.ok(Math.abs(wayMiddle(0).angle) < 60);
  assert.ok(Math.abs(wayMiddle(3).angle) > 120);
  assert.ok(Math.abs(wayMiddle(5).angle + 90) < 1);
});
