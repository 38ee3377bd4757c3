import { readFileSync } from "node:fs";
import { join } from "node:path";
import { archiveAt } from "../archive.ts";

/** One input of an MLPerf Tiny accuracy set and what independent kernels answered: logits before softmax. */
export interface GoldenCase {
  readonly file: string;
  readonly label: number;
  readonly bytes: Uint8Array;
  readonly logits: readonly number[];
}

/** One clip of the anomaly set and the mean squared errors that independent kernels found. */
export interface GoldenClip {
  readonly file: string;
  /** Whether the machine in it is broken. */
  readonly isAnomalous: boolean;
  readonly samples: Float32Array;
  readonly fp32: number;
  readonly int8: number;
}

/** The first `limit` inputs of a set with their golden logits. */
export function goldenCases(folder: string, set: string, golden: string, limit: number): readonly GoldenCase[] {
  const files = archiveAt(join(folder, `${set}.tar.gz`));
  return rows(folder, golden)
    .slice(0, limit)
    .map(([file = "", label, , ...logits]) => ({
      file,
      label: Number(label),
      bytes: fileOf(files, set, file),
      logits: logits.map(Number),
    }));
}

/** The first `limit` clips of the anomaly set with their golden errors. */
export function goldenClips(folder: string, limit: number): readonly GoldenClip[] {
  const files = archiveAt(join(folder, "ad01.tar.gz"));
  return rows(folder, "ad01-autoencoder-scores")
    .slice(0, limit)
    .map(([file = "", label, , fp32, int8]) => {
      const samples = new Float32Array(new Uint8Array(fileOf(files, "ad01", file)).buffer);
      return { file, isAnomalous: label === "1", samples, fp32: Number(fp32), int8: Number(int8) };
    });
}

function rows(folder: string, golden: string): readonly string[][] {
  const text = readFileSync(join(folder, "golden", `${golden}.csv`), "utf8");
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, set: string, file: string): Uint8Array {
  const bytes = files.get(`${set}/${file}`);
  if (bytes === undefined) throw new Error(`Expected ${file} in ${set}.tar.gz, found none; fetch the data set again.`);
  return bytes;
}
