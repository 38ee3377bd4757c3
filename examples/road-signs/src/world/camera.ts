import type { Lamp, Light } from "./light.ts";
import type { Random } from "./random.ts";

/** Develops a view under a light into RGB bytes: shading, lamps, blur, exposure to the light's mean, noise. */
export function develop(view: Float32Array, light: Light, random: Random, side: number): Uint8Array {
  const lit = shade(view, light, side);
  for (const lamp of light.lamps) addLamp(lit, lamp, side);
  const soft = blurred(moved(lit, light.motion, side), light.blur, side);
  expose(soft, light.meanLevel * (1 + 0.03 * random.normal()));
  return sense(soft, light, random);
}

function shade(view: Float32Array, { tint, veil, slope }: Light, side: number): Float32Array {
  const lit = new Float32Array(view.length);
  for (let at = 0; at < view.length; at++) {
    const pixel = Math.floor(at / 3);
    const x = (pixel % side) - side / 2;
    const y = Math.floor(pixel / side) - side / 2;
    const shading = Math.max(0.3, 1 + slope[0] * x + slope[1] * y);
    lit[at] = (view[at]! * shading + veil) * tint[at % 3]!;
  }
  return lit;
}

function addLamp(frame: Float32Array, lamp: Lamp, side: number): void {
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const distance = ((x - lamp.x) ** 2 + (y - lamp.y) ** 2) / lamp.radius ** 2;
      const glow = lamp.strength * (Math.exp(-distance) + 0.12 / (1 + distance / 6));
      for (let channel = 0; channel < 3; channel++) frame[(y * side + x) * 3 + channel]! += glow * lamp.tint[channel]!;
    }
}

const motionSteps = 3;

function moved(frame: Float32Array, [dx, dy]: readonly [number, number], side: number): Float32Array {
  const sum = new Float32Array(frame.length);
  for (let step = 0; step < motionSteps; step++) {
    const way = step / (motionSteps - 1) - 0.5;
    addShifted(sum, frame, { x: dx * way, y: dy * way, side, weight: 1 / motionSteps });
  }
  return sum;
}

interface Shift {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly weight: number;
}

function addShifted(sum: Float32Array, frame: Float32Array, { x: dx, y: dy, side, weight }: Shift): void {
  const [left, top] = [Math.floor(dx), Math.floor(dy)];
  const [fx, fy] = [dx - left, dy - top];
  for (let y = 0; y < side; y++) {
    const upper = clamped(y + top, side) * side;
    const lower = clamped(y + top + 1, side) * side;
    for (let x = 0; x < side; x++) {
      const near = clamped(x + left, side);
      const far = clamped(x + left + 1, side);
      for (let channel = 0; channel < 3; channel++) {
        if (fx === 0 && fy === 0) {
          sum[(y * side + x) * 3 + channel]! += weight * frame[(upper + near) * 3 + channel]!;
          continue;
        }
        const a = frame[(upper + near) * 3 + channel]! * (1 - fx) + frame[(upper + far) * 3 + channel]! * fx;
        const b = frame[(lower + near) * 3 + channel]! * (1 - fx) + frame[(lower + far) * 3 + channel]! * fx;
        sum[(y * side + x) * 3 + channel]! += weight * (a * (1 - fy) + b * fy);
      }
    }
  }
}

const clamped = (index: number, side: number): number => (index < 0 ? 0 : index >= side ? side - 1 : index);

function blurred(frame: Float32Array, sigma: number, side: number): Float32Array {
  const across = new Float32Array(frame.length);
  const both = new Float32Array(frame.length);
  const reach = Math.ceil(2 * sigma);
  const raw = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * sigma ** 2)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  raw.forEach((value, at) => {
    addShifted(across, frame, { x: at - reach, y: 0, side, weight: value / total });
  });
  raw.forEach((value, at) => {
    addShifted(both, across, { x: 0, y: at - reach, side, weight: value / total });
  });
  return both;
}

function expose(frame: Float32Array, meanLevel: number): void {
  for (let round = 0; round < 3; round++) {
    let sum = 0;
    for (const value of frame) sum += Math.min(255, value);
    const gain = meanLevel / (sum / frame.length);
    for (let at = 0; at < frame.length; at++) frame[at]! *= gain;
  }
}

function sense(frame: Float32Array, { readNoise, shotNoise }: Light, random: Random): Uint8Array {
  const pixels = new Uint8Array(frame.length);
  for (let at = 0; at < frame.length; at++) {
    const signal = Math.min(255, frame[at]!);
    const noise = Math.sqrt(readNoise ** 2 + shotNoise ** 2 * signal) * random.normal();
    pixels[at] = Math.max(0, Math.min(255, Math.round(signal + noise)));
  }
  return pixels;
}
