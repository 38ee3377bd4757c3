import type { Lamp, Light } from "./light.ts";
import type { Random } from "./random.ts";

/** Develops a view under a light into RGB bytes: shading, lamps, blur, exposure to the light's mean, noise. */
export function develop(view: Float32Array, light: Light, random: Random, side: number): Uint8Array {
  const lit = shade(view, light, side);
  for (const lamp of light.lamps) addLamp(lit, lamp, side);
  const blur = blurTaps(light.blur);
  const soft = filtered(filtered(lit, blur, side), blur.map(turned), side);
  expose(soft, light.meanLevel * (1 + 0.02 * random.normal()));
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

/** One tap of a filter: what lies `x` to the right and `y` below counts with `weight`. */
interface Tap {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

function blurTaps(sigma: number): Tap[] {
  const reach = Math.ceil(2 * sigma);
  const raw = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * sigma ** 2)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return raw.map((value, at) => ({ x: at - reach, y: 0, weight: value / total }));
}

const turned = ({ x, y, weight }: Tap): Tap => ({ x: y, y: x, weight });

function filtered(frame: Float32Array, taps: readonly Tap[], side: number): Float32Array {
  const margin = Math.max(...taps.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
  const padded = withMargin(frame, side, margin);
  const sum = new Float32Array(frame.length);
  const rowLength = side * 3;
  for (const { x, y, weight } of taps)
    for (let row = 0; row < side; row++) {
      const from = ((row + margin + y) * (side + 2 * margin) + margin + x) * 3;
      const into = row * rowLength;
      for (let at = 0; at < rowLength; at++) sum[into + at]! += weight * padded[from + at]!;
    }
  return sum;
}

function withMargin(frame: Float32Array, side: number, margin: number): Float32Array {
  const wide = side + 2 * margin;
  const padded = new Float32Array(wide * wide * 3);
  for (let y = 0; y < wide; y++) {
    const row = clamped(y - margin, side) * side;
    for (let x = 0; x < wide; x++) {
      const from = (row + clamped(x - margin, side)) * 3;
      const into = (y * wide + x) * 3;
      for (let channel = 0; channel < 3; channel++) padded[into + channel] = frame[from + channel]!;
    }
  }
  return padded;
}

const clamped = (index: number, side: number): number => (index < 0 ? 0 : index >= side ? side - 1 : index);

function expose(frame: Float32Array, meanLevel: number): void {
  for (let round = 0; round < 2; round++) {
    let sum = 0;
    for (const value of frame) sum += Math.min(255, value);
    const gain = meanLevel / (sum / frame.length);
    for (let at = 0; at < frame.length; at++) frame[at]! *= gain;
  }
}

function sense(frame: Float32Array, { readNoise, shotNoise }: Light, random: Random): Uint8Array {
  const sigmas = Float32Array.from({ length: 256 }, (_, level) => Math.sqrt(readNoise ** 2 + shotNoise ** 2 * level));
  const noise = random.normals(frame.length);
  const pixels = new Uint8ClampedArray(frame.length);
  for (let at = 0; at < frame.length; at++) {
    const signal = Math.min(255, frame[at]!);
    pixels[at] = signal + sigmas[signal | 0]! * noise[at]!;
  }
  return new Uint8Array(pixels.buffer);
}
