import type { Random } from "./random.ts";

/** Side of a background texture in texels. */
export const backgroundSide = 64;

/** An RGB texture, 0–1, `backgroundSide` texels square. */
export type Background = Float32Array;

type Colour = readonly [number, number, number];
type Shade = (x: number, y: number) => Colour;

/** Paints what stands behind a sign: sky, trees, a house, or a street with a horizon. */
export function paintBackground(random: Random): Background {
  const scene = random.pick([sky, trees, trees, house, street]);
  const shade = scene(random);
  const texture = new Float32Array(backgroundSide * backgroundSide * 3);
  for (let y = 0; y < backgroundSide; y++)
    for (let x = 0; x < backgroundSide; x++)
      texture.set(shade(x / backgroundSide, y / backgroundSide), (y * backgroundSide + x) * 3);
  return texture;
}

function sky(random: Random): Shade {
  const high: Colour = random.pick([
    [0.3, 0.52, 0.86],
    [0.52, 0.66, 0.85],
    [0.74, 0.77, 0.8],
  ]);
  const low: Colour = [0.86, 0.9, 0.94];
  const clouds = noiseField(random, 4);
  const cover = random.between(0.1, 0.7);
  return (x, y) => mix(mix(high, low, y), [0.96, 0.96, 0.96], cover * clouds(x, y));
}

function trees(random: Random): Shade {
  const leaf: Colour = random.pick([
    [0.24, 0.38, 0.15],
    [0.38, 0.42, 0.18],
    [0.5, 0.36, 0.16],
    [0.2, 0.28, 0.18],
  ]);
  const coarse = noiseField(random, 5);
  const fine = noiseField(random, 19);
  const behind = sky(random);
  const gaps = random.between(0.1, 0.5);
  return (x, y) => {
    const density = coarse(x, y) + 0.5 * (y - 0.3);
    if (density < gaps) return behind(x, y);
    const light = 0.35 + 1.1 * fine(x, y);
    return [leaf[0] * light, leaf[1] * light, leaf[2] * light];
  };
}

function house(random: Random): Shade {
  const wall: Colour = random.pick([
    [0.78, 0.72, 0.6],
    [0.66, 0.42, 0.34],
    [0.85, 0.84, 0.8],
    [0.6, 0.62, 0.66],
  ]);
  const columns = random.between(2.2, 4.5);
  const shift = random.next();
  const roof = random.between(-0.1, 0.3);
  const slope = random.between(-0.4, 0.4);
  const grain = noiseField(random, 23);
  const behind = sky(random);
  return (x, y) => {
    const eaves = roof + slope * (x - 0.5);
    if (y < eaves - 0.09) return behind(x, y);
    const rough = 0.85 + 0.3 * grain(x, y);
    if (y < eaves) return [0.36 * rough, 0.2 * rough, 0.17 * rough];
    const inWindow = (x * columns + shift) % 1 < 0.42 && (y * columns + shift) % 1 < 0.55;
    return inWindow ? [0.16 * rough, 0.19 * rough, 0.25 * rough] : [wall[0] * rough, wall[1] * rough, wall[2] * rough];
  };
}

function street(random: Random): Shade {
  const horizon = random.between(0.45, 0.75);
  const behind = sky(random);
  const wood = trees(random);
  const edge = noiseField(random, 7);
  const grain = noiseField(random, 25);
  const vanish = random.between(-0.2, 1.2);
  return (x, y) => {
    if (y < horizon - 0.3 * edge(x, 0.5)) return behind(x, y);
    if (y < horizon) return wood(x, y);
    const depth = y - horizon;
    const onLine = Math.abs(x - vanish - depth * (0.5 - vanish)) < 0.03 + 0.05 * depth;
    const grey = (onLine ? 0.8 : 0.36) * (0.85 + 0.3 * grain(x, y));
    return [grey, grey, grey * 1.03];
  };
}

function noiseField(random: Random, cells: number): (x: number, y: number) => number {
  const stride = cells + 2;
  const lattice = Float32Array.from({ length: stride * stride }, () => random.next());
  return (x, y) => {
    const column = Math.floor(x * cells);
    const row = Math.floor(y * cells);
    const right = smooth(x * cells - column);
    const down = smooth(y * cells - row);
    const at = row * stride + column;
    const upper = lattice[at]! * (1 - right) + lattice[at + 1]! * right;
    const lower = lattice[at + stride]! * (1 - right) + lattice[at + stride + 1]! * right;
    return upper * (1 - down) + lower * down;
  };
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

const mix = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];
