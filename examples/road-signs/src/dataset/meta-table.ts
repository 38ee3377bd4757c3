import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { ExampleError } from "../errors.ts";

/** What meta.csv says of one image; `index` counts per split; test images have an empty track and frame −1. */
export interface MetaRow {
  readonly index: number;
  readonly split: "train" | "test";
  readonly label: number;
  readonly track: string;
  readonly frame: number;
  readonly luma: number;
}

const columns = ["index", "split", "label", "track", "frame", "mean_luma"] as const;
const largestBytes = 64 * 1024 * 1024;

/**
 * Reads `DIR/meta.csv`, whose rows follow the images of their split one by one.
 * @throws {ExampleError} `meta-malformed` naming the line and column
 */
export async function readMetaTable(dir: string): Promise<readonly MetaRow[]> {
  const path = join(dir, "meta.csv");
  const { size } = await stat(path);
  if (size > largestBytes) refuse(`at most ${largestBytes} bytes in ${path}`, `${size}`);
  return parseMetaTable(await readFile(path, "utf8"), path);
}

/** Parses the text of a meta.csv; see {@link readMetaTable}. */
export function parseMetaTable(text: string, path: string): readonly MetaRow[] {
  const records = parseCsv(text, path);
  if (records.length === 0) refuse(`a header and one row per image in ${path}`, "no row");
  const missing = columns.filter((column) => !(column in records[0]!));
  if (missing.length > 0) refuse(`the columns ${columns.join(", ")} in ${path}`, `none called ${missing.join(", ")}`);
  const counts = { train: 0, test: 0 };
  return records.map((record, row) => {
    const parsed = rowOf(record, `line ${row + 2} of ${path}`);
    const expected = counts[parsed.split]++;
    if (parsed.index !== expected) refuse(`index ${expected} in line ${row + 2} of ${path}`, `${parsed.index}`);
    return parsed;
  });
}

function parseCsv(text: string, path: string): readonly Record<string, string>[] {
  try {
    return parse(text, { columns: true, skip_empty_lines: true, bom: true, trim: true });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ExampleError(
      "meta-malformed",
      `Expected comma-separated rows in ${path}, but ${message}; repair it.`,
      cause,
    );
  }
}

function rowOf(record: Record<string, string>, where: string): MetaRow {
  const { split, track = "" } = record;
  if (split !== "train" && split !== "test") return refuse(`split train or test in ${where}`, `"${split}"`);
  const number = (column: string): number => {
    const value = Number(record[column]);
    return record[column] === "" || !Number.isFinite(value)
      ? refuse(`a number as ${column} in ${where}`, `"${record[column]}"`)
      : value;
  };
  const label = number("label");
  if (split === "train" && track === "") return refuse(`a track in ${where}`, "none");
  return { index: number("index"), split, label, track, frame: number("frame"), luma: number("mean_luma") };
}

function refuse(expected: string, found: string): never {
  throw new ExampleError("meta-malformed", `Expected ${expected}, found ${found}; repair meta.csv.`);
}
