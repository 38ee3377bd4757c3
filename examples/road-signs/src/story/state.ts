import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { ExampleError } from "../errors.ts";

/** What the story has brought about so far; a later run goes on from it. `source` and `seed` must stay the same. */
export type StoryState = {
  readonly v: 1;
  readonly source: string;
  readonly seed: number;
  /** Results of finished steps by title, as JSON. */
  readonly steps: Readonly<Record<string, unknown>>;
};

/** Reads and keeps the story's state. */
export interface StateFile {
  /** The result that a step left in an earlier run, if it came to its end. */
  result<T>(step: string): T | undefined;
  /** Keeps a step's result, on disk before it resolves. */
  keep(step: string, result: unknown): Promise<void>;
}

/**
 * Opens the state of a run.
 * @throws {ExampleError} `other-story` when the folder belongs to another world or seed
 */
export async function openState(path: string, story: Pick<StoryState, "source" | "seed">): Promise<StateFile> {
  const found = await readState(path);
  if (found !== undefined && (found.source !== story.source || found.seed !== story.seed)) {
    throw new ExampleError(
      "other-story",
      `Expected ${dirname(path)} to hold the story of ${story.source} with seed ${story.seed}, it holds ${found.source} with seed ${found.seed}; add --fresh to clear it, or name another --data.`,
    );
  }
  let state: StoryState = found ?? { v: 1, ...story, steps: {} };
  return {
    result: <T>(step: string) => state.steps[step] as T | undefined, // written by `keep` of the same step
    async keep(step, result) {
      state = { ...state, steps: { ...state.steps, [step]: result } };
      await writeDurably(path, JSON.stringify(state));
    },
  };
}

async function readState(path: string): Promise<StoryState | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as StoryState; // written by this module
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ExampleError(
      "other-story",
      `Expected the demo's own state in ${path}, it does not read; add --fresh to begin anew.`,
      cause,
    );
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.new`, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
