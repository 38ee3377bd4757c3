import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One input of an MLPerf Tiny accuracy set and what independent kernels answered: logits before softmax. */
export interface GoldenCase {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly logits: readonly number[];
}

/** One clip of the anomaly set and the mean squared errors that independent kernels found. */
export interface GoldenClip {
  readonly file: string;
  readonly samples: Float32Array;
  readonly fp32: number;
  readonly int8: number;
}

/** The first `limit` inputs of a set with their golden logits. */
export function goldenCases(folder: string, set: string, golden: string, limit: number): readonly GoldenCase[] {
  const files = archive(folder, set);
  return rows(folder, golden)
    .slice(0, limit)
    .map(([file = "", , , ...logits]) => ({ file, bytes: fileOf(files, set, file), logits: logits.map(Number) }));
}

/** The first `limit` clips of the anomaly set with their golden errors. */
export function goldenClips(folder: string, limit: number): readonly GoldenClip[] {
  const files = archive(folder, "ad01");
  return rows(folder, "ad01-autoencoder-scores")
    .slice(0, limit)
    .map(([file = "", , , fp32, int8]) => {
      const samples = new Float32Array(new Uint8Array(fileOf(files, "ad01", file)).buffer);
      return { file, samples, fp32: Number(fp32), int8: Number(int8) };
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

/** The files of a tar archive (POSIX.1-1988 ustar; names up to 100 bytes, as this data set has them). */
function archive(folder: string, set: string): Map<string, Uint8Array> {
  const tar = gunzipSync(readFileSync(join(folder, `${set}.tar.gz`)));
  const text = (from: number, to: number) => tar.toString("latin1", from, to).replace(/\0.*$/s, "");
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + 512 <= tar.length && text(at, at + 100) !== ""; ) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    files.set(text(at, at + 100), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
