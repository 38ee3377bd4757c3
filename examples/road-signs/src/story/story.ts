import type { HubClient, RecipeInput } from "@fieldloop/cloud-hub";
import type { RoadSignData } from "../dataset/road-sign-data.ts";
import type { Progress } from "../terminal/progress.ts";
import type { StoryPrinter } from "../terminal/story-printer.ts";
import type { Fleet } from "./fleet.ts";
import type { DemoOptions } from "./options.ts";
import type { Places } from "./places.ts";
import type { StateFile } from "./state.ts";

/** The model that the demo trains. */
export const modelName = "road-signs";

/** Everything that a step of the story works with. */
export type Story = {
  readonly options: DemoOptions;
  readonly places: Places;
  readonly data: RoadSignData;
  readonly client: HubClient;
  readonly printer: StoryPrinter;
  readonly state: StateFile;
  readonly recipes: Recipes;
  /** The cameras, enrolled and started when they are first needed. */
  readonly fleet: () => Promise<Fleet>;
};

/** The two trainings of the story; all sides of a comparison share them. */
export type Recipes = { readonly first: RecipeInput; readonly again: RecipeInput };

/** What a step gives back: a JSON result that later steps and later runs use, and figures for the reader. */
export type StepResult<T> = { readonly result: T; readonly figures: readonly string[] };

/**
 * Runs a step once: an earlier run's result is taken as it is, and the story says so.
 * work: brings the result about; it must be safe to begin again after a Ctrl-C
 */
export async function runStep<T>(
  story: Story,
  title: string,
  work: (progress: Progress) => Promise<StepResult<T>>,
): Promise<T> {
  const earlier = story.state.result<StepResult<T>>(title);
  if (earlier !== undefined) {
    return story.printer.step(title, async () => ({
      result: earlier.result,
      figures: ["done before", ...earlier.figures],
    }));
  }
  return story.printer.step(title, async (progress) => {
    const done = await work(progress);
    await story.state.keep(title, done);
    return done;
  });
}
