import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ExampleError } from "../errors.ts";

/** The four groups a road sign belongs to, in the order of the category head. */
export const categoryNames = ["prohibition", "danger", "mandatory", "other"] as const;

/** Signs and the index of the category of each. */
export interface SignClasses {
  readonly sign: readonly string[];
  readonly category: readonly string[];
  readonly categoryOfSign: readonly number[];
}

const prohibitions = ["No overtaking", "No overtaking for trucks", "No vehicles", "No trucks", "No entry"];
const dangers = [
  "Right of way at next intersection",
  "General danger",
  "Curve left",
  "Curve right",
  "Double curve",
  "Uneven road",
  "Slippery road",
  "Road narrows right",
  "Roadworks",
  "Traffic signals",
  "Pedestrians",
  "Children crossing",
  "Bicycles",
  "Ice or snow",
  "Wild animals",
];
const mandatory = [
  "Turn right ahead",
  "Turn left ahead",
  "Straight ahead",
  "Straight or right",
  "Straight or left",
  "Keep right",
  "Keep left",
  "Roundabout",
];

/** Tells the category of a sign by its English name: speed limits and other prohibitions 0, danger 1, mandatory 2, else 3. */
export function categoryOfName(name: string): number {
  if (name.startsWith("Speed limit") || prohibitions.includes(name)) return 0;
  if (dangers.includes(name)) return 1;
  return mandatory.includes(name) ? 2 : 3;
}

/**
 * Reads `DIR/classes.json` (`{"0": "Speed limit 20", …}`, ids from 0 without a hole).
 * @throws {ExampleError} `classes-malformed`
 */
export async function readSignClasses(dir: string): Promise<SignClasses> {
  const path = join(dir, "classes.json");
  const sign = namesOf(await readJson(path), path);
  return { sign, category: categoryNames, categoryOfSign: sign.map(categoryOfName) };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const { message } = cause as Error;
    throw new ExampleError(
      "classes-malformed",
      `Expected class names in ${path}, but ${message}; add or repair it.`,
      cause,
    );
  }
}

function namesOf(value: unknown, path: string): readonly string[] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const names = entries.map((_, id) => (value as Record<string, unknown>)[String(id)]);
  if (names.length >= 2 && names.every((name) => typeof name === "string")) return names;
  throw new ExampleError(
    "classes-malformed",
    `Expected {"0": "name", "1": "name", …} without a hole in ${path}, found ${entries.length} entries keyed otherwise; renumber them.`,
  );
}
