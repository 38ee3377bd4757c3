import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import type { Image, RoadSignData } from "./road-sign-data.ts";

/** What an IDX set is written from, to be spoilt by tests before it is. */
export interface IdxParts {
  rows: string[];
  trainImages: Uint8Array;
  trainLabels: Uint8Array;
  testImages: Uint8Array;
  testLabels: Uint8Array;
  classes: Record<string, string>;
}

const header = "index,split,label,track,frame,mean_luma";

/** Takes data apart as gtsrb32 lays it out: track names begin with the class, as the real ones do. */
export function idxParts(data: RoadSignData): IdxParts {
  const tracks = [...data.old.train, ...data.old.validation, ...data.field];
  const train = tracks.flatMap(({ frames }, track) =>
    frames.map((image, frame) => ({ image, track: `${image.sign}_${track}`, frame })),
  );
  const test = [...data.tests.old, ...data.tests.field].map((image) => ({ image, track: "", frame: -1 }));
  const rowsOf = (split: string, members: typeof train): string[] =>
    members.map(({ image, track, frame }, at) =>
      [at, split, image.sign, track, frame, image.luma.toFixed(1)].join(","),
    );
  return {
    rows: [header, ...rowsOf("train", train), ...rowsOf("test", test)],
    trainImages: imagesIdx(train.map(({ image }) => image)),
    trainLabels: labelsIdx(train.map(({ image }) => image)),
    testImages: imagesIdx(test.map(({ image }) => image)),
    testLabels: labelsIdx(test.map(({ image }) => image)),
    classes: Object.fromEntries(data.classes.sign.map((name, id) => [id, name])),
  };
}

function imagesIdx(images: readonly Image[]): Uint8Array {
  const head = Buffer.alloc(20);
  [0x0804, images.length, 32, 32, 3].forEach((value, at) => {
    head.writeUInt32BE(value, 4 * at);
  });
  return Buffer.concat([head, ...images.map(({ pixels }) => pixels)]);
}

function labelsIdx(images: readonly Image[]): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(0x0801, 0);
  head.writeUInt32BE(images.length, 4);
  return Buffer.concat([head, Uint8Array.from(images, ({ sign }) => sign)]);
}

/** Writes an IDX set into a fresh folder and names it. */
export function writeIdxSet(parts: IdxParts): string {
  const dir = freshFolder();
  writeFileSync(join(dir, "meta.csv"), `${parts.rows.join("\n")}\n`);
  writeFileSync(join(dir, "classes.json"), JSON.stringify(parts.classes));
  writeFileSync(join(dir, "train-images-idx4-ubyte.gz"), gzipSync(parts.trainImages, { level: 1 }));
  writeFileSync(join(dir, "train-labels-idx1-ubyte.gz"), gzipSync(parts.trainLabels));
  writeFileSync(join(dir, "test-images-idx4-ubyte.gz"), gzipSync(parts.testImages, { level: 1 }));
  writeFileSync(join(dir, "test-labels-idx1-ubyte.gz"), gzipSync(parts.testLabels));
  return dir;
}

/** Writes images as PNG into one folder per class, in a fresh folder, and names it. */
export async function writeImageFolder(images: readonly Image[], classes: readonly string[]): Promise<string> {
  const dir = freshFolder();
  for (const name of classes) mkdirSync(join(dir, name));
  for (const [at, { pixels, width, height, sign }] of images.entries())
    writeFileSync(join(dir, classes[sign]!, `${at}.png`), await encodePng({ data: pixels, width, height }));
  return dir;
}

/** A fresh empty folder in the system's temporary one. */
export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "road-signs-"));
}
