import assert from "node:assert/strict";
import test from "node:test";
import { approach, planeMap } from "./pose.ts";
import { createRandom } from "./random.ts";

test("a sign grows frame by frame and keeps its centre in the frame", () => {
  for (let track = 0; track < 50; track++) {
    const poses = approach(createRandom("pose", track), 8, 32);
    const sizes = poses.map(({ size }) => size);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
    );
    for (const { centreX, centreY } of poses) assert.ok(Math.max(Math.abs(centreX - 16), Math.abs(centreY - 16)) < 9);
  }
});

test("a face seen straight on maps its edges to its size in pixels", () => {
  const map = planeMap({ centreX: 16, centreY: 15, size: 20, roll: 0, yaw: 0, pitch: 0 });
  const at = (x: number, y: number): number[] => {
    const depth = map[6]! * x + map[7]! * y + map[8]!;
    return [(map[0]! * x + map[1]! * y + map[2]!) / depth, (map[3]! * x + map[4]! * y + map[5]!) / depth];
  };
  const near = (found: number[], expected: number[]): void =>
    expected.forEach((value, axis) => {
      assert.ok(Math.abs(found[axis]! - value) < 1e-9, `${found} is not ${expected}`);
    });
  near(at(16, 15), [0, 0]);
  near(at(26, 15), [1, 0]);
  near(at(16, 5), [0, -1]);
});

test("a rolled face turns clockwise, and a yawed one has a nearer, larger side", () => {
  const rolled = planeMap({ centreX: 0, centreY: 0, size: 2, roll: Math.PI / 2, yaw: 0, pitch: 0 });
  assert.ok(Math.abs(rolled[0]! / rolled[8]!) < 1e-9);
  const yawed = planeMap({ centreX: 0, centreY: 0, size: 2, roll: 0, yaw: 0.5, pitch: 0 });
  const u = (x: number): number => (yawed[0]! * x + yawed[2]!) / (yawed[6]! * x + yawed[8]!);
  assert.notEqual(Math.abs(u(0.5)).toFixed(3), Math.abs(u(-0.5)).toFixed(3));
});
