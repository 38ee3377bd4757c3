import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, type RawImage } from "@fieldloop/edge-runtime/operators";
import { archiveAt } from "../archive.ts";
import { goldenCases } from "../tflite-wasm/mlperf-tiny.ts";
import { splitByHash } from "./by-hash.ts";

/** An image of CIFAR-10's test part with its class, named by its file. */
export interface LabelledImage {
  readonly name: string;
  readonly label: number;
  readonly image: RawImage;
}

/** What calibrates, and what is judged on: the suite's own lossless images, and all other JPEGs. */
export interface CifarImages {
  readonly calibration: readonly LabelledImage[];
  readonly jpeg: readonly LabelledImage[];
  readonly lossless: readonly LabelledImage[];
}

const calibrationImages = 500;

/** Reads the images; calibration is chosen by hash outside the pairs of the suite's images. limit: JPEGs judged at most */
export async function readCifarImages(mlperf: string, cifar: string, limit: number): Promise<CifarImages> {
  const files = [...archiveAt(join(cifar, "cifar10-test-jpeg.tar.gz"))].filter(([name]) => name.endsWith(".jpg"));
  const classes = [...new Set(files.map(([name]) => classOf(name)))].sort();
  const pairs = readFileSync(join(cifar, "ic01-pairs.csv"), "utf8").trim().split("\n").slice(1);
  const paired = new Set(pairs.map((line) => line.split(",")[2]));
  const eligible = files.filter(([name]) => !paired.has(name));
  const chosen = new Set(splitByHash(eligible, calibrationImages, ([name]) => name).chosen.map(([name]) => name));
  const judged = files.filter(([name]) => !chosen.has(name));
  const sample = splitByHash(judged, limit, ([name]) => `judged ${name}`).chosen;
  const decoded = (some: readonly (readonly [string, Uint8Array])[]) =>
    Promise.all(
      some.map(async ([name, bytes]) => ({
        name,
        label: classes.indexOf(classOf(name)),
        image: await decodeImage(bytes),
      })),
    );
  return {
    calibration: await decoded(files.filter(([name]) => chosen.has(name))),
    jpeg: await decoded(sample),
    lossless: goldenCases(mlperf, "ic01", "ic01-resnet8-int8", Number.POSITIVE_INFINITY).map(
      ({ file, label, bytes }) => ({
        name: file,
        label,
        image: { data: new Uint8Array(bytes), width: 32, height: 32 },
      }),
    ),
  };
}

const classOf = (name: string): string => name.split("/")[1] ?? "";
