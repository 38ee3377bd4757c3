import sharp from "sharp";
import type { SignFace } from "./sign-faces.ts";

/** A face at one resolution: RGBA 0–1, colour premultiplied by alpha, rows of `side` pixels. */
export interface FaceLevel {
  readonly side: number;
  readonly rgba: Float32Array;
}

/** A face from its finest level (128 pixels) to its coarsest (16), each half the one before. */
export type FaceLevels = readonly FaceLevel[];

const finestSide = 128;
const coarsestSide = 16;

/** Draws every face once by sharp and halves it down, so that frames only sample. */
export async function drawAtlas(faces: readonly SignFace[]): Promise<readonly FaceLevels[]> {
  return Promise.all(faces.map(async ({ svg }) => levelsFrom(await drawFace(svg))));
}

async function drawFace(svg: string): Promise<FaceLevel> {
  const drawn = sharp(Buffer.from(svg), { density: 96 }).resize(finestSide, finestSide).ensureAlpha();
  const bytes = await drawn.raw().toBuffer();
  const rgba = new Float32Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 4) {
    const alpha = bytes[at + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) rgba[at + channel] = (bytes[at + channel]! / 255) * alpha;
    rgba[at + 3] = alpha;
  }
  return { side: finestSide, rgba };
}

function levelsFrom(finest: FaceLevel): FaceLevels {
  const levels = [finest];
  while (levels.at(-1)!.side > coarsestSide) levels.push(halved(levels.at(-1)!));
  return levels;
}

function halved({ side, rgba }: FaceLevel): FaceLevel {
  const half = side / 2;
  const smaller = new Float32Array(half * half * 4);
  for (let y = 0; y < half; y++)
    for (let x = 0; x < half; x++)
      for (let channel = 0; channel < 4; channel++) {
        const at = (2 * y * side + 2 * x) * 4 + channel;
        const sum = rgba[at]! + rgba[at + 4]! + rgba[at + side * 4]! + rgba[at + side * 4 + 4]!;
        smaller[(y * half + x) * 4 + channel] = sum / 4;
      }
  return { side: half, rgba: smaller };
}

/** Chooses the coarsest level that still has a pixel for every sample of a face shown `shownPixels` wide. */
export function levelFor(levels: FaceLevels, shownPixels: number): FaceLevel {
  return levels.findLast(({ side }) => side >= shownPixels) ?? levels[0]!;
}

/** Writes the face at (u, v), −1…1 across it, bilinearly into `into[0…3]`; its outermost pixels and beyond are transparent. */
export function sampleFace({ side, rgba }: FaceLevel, u: number, v: number, into: Float32Array): void {
  const x = ((u + 1) / 2) * side - 0.5;
  const y = ((v + 1) / 2) * side - 0.5;
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < 0 || top < 0 || left >= side - 1 || top >= side - 1) {
    into.fill(0);
    return;
  }
  const right = x - left;
  const down = y - top;
  const at = (top * side + left) * 4;
  const below = at + side * 4;
  for (let channel = 0; channel < 4; channel++) {
    const upper = rgba[at + channel]! * (1 - right) + rgba[at + 4 + channel]! * right;
    const lower = rgba[below + channel]! * (1 - right) + rgba[below + 4 + channel]! * right;
    into[channel] = upper * (1 - down) + lower * down;
  }
}
