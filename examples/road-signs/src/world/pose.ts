import type { Random } from "./random.ts";

/** Where a sign stands in the frame: centre and size in pixels, turns in radians. */
export interface Pose {
  readonly centreX: number;
  readonly centreY: number;
  readonly size: number;
  readonly roll: number;
  readonly yaw: number;
  readonly pitch: number;
}

/** Row-major 3×3 matrix from frame pixels to the plane of the sign, where the face spans −1…1. */
export type PlaneMap = Float64Array;

const degree = Math.PI / 180;
const eyeDistance = 4;

/** Draws the poses of an approach: the sign grows from far to near while centre and turns drift a little. */
export function approach(random: Random, frameCount: number, side: number): readonly Pose[] {
  const far = random.between(0.6, 0.72) * side;
  const near = random.between(0.84, 0.98) * side;
  const start = standing(random, side);
  const drift = {
    x: random.between(-2, 2),
    y: random.between(-1.5, 1.5),
    roll: random.between(-3, 3),
    yaw: random.between(-8, 8),
  };
  return Array.from({ length: frameCount }, (_, frame) => {
    const way = frameCount === 1 ? random.next() : frame / (frameCount - 1);
    const size = far * (near / far) ** way;
    const room = Math.max(0, (side - size) / 2) + 1;
    return {
      size,
      centreX: side / 2 + bounded(start.x + drift.x * way + 0.35 * random.normal(), room),
      centreY: side / 2 + bounded(start.y + drift.y * way + 0.35 * random.normal(), room),
      roll: (start.roll + drift.roll * (way - 0.5) + 0.4 * random.normal()) * degree,
      yaw: (start.yaw + drift.yaw * way) * degree,
      pitch: start.pitch * degree,
    };
  });
}

function standing(random: Random, side: number) {
  return {
    x: random.between(-0.1, 0.1) * side,
    y: random.between(-0.1, 0.1) * side,
    roll: random.between(-10, 10),
    yaw: random.between(-28, 28),
    pitch: random.between(-10, 10),
  };
}

const bounded = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** Inverts the perspective view of a pose, seen from four face-halves away. */
export function planeMap(pose: Pose): PlaneMap {
  const [cr, sr] = [Math.cos(pose.roll), Math.sin(pose.roll)];
  const [cy, sy] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  const [cp, sp] = [Math.cos(pose.pitch), Math.sin(pose.pitch)];
  const focal = (pose.size / 2) * eyeDistance;
  const right = [cy * cr, cp * sr + sp * sy * cr, sp * sr - cp * sy * cr];
  const down = [-cy * sr, cp * cr - sp * sy * sr, sp * cr + cp * sy * sr];
  const column = ([x, y, z]: readonly number[]) => [focal * x! + pose.centreX * z!, focal * y! + pose.centreY * z!, z!];
  return inverse(column(right), column(down), column([0, 0, eyeDistance]));
}

function inverse(a: readonly number[], b: readonly number[], c: readonly number[]): PlaneMap {
  const rows = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = a[0]! * rows[0]![0]! + a[1]! * rows[0]![1]! + a[2]! * rows[0]![2]!;
  return Float64Array.from(rows.flat(), (value) => value / determinant);
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
}
