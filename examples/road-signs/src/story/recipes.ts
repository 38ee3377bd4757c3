import type { RoadSignData } from "../dataset/road-sign-data.ts";
import type { DemoOptions } from "./options.ts";
import type { Recipes } from "./story.ts";

/**
 * The recipe that all sides share: three blocks of convolution, batch 64, shifts of ±3 px and (unless plain) random light;
 * real images get 32-64-128 channels and 1,500 then 800 steps, the rendered world 16-32-64 and 600 then 300.
 */
export function recipesFor(data: RoadSignData, options: Pick<DemoOptions, "field" | "plain" | "seed">): Recipes {
  const isReal = options.field !== undefined;
  const shared = {
    heads: [
      { name: "sign", classes: [...data.classes.sign] },
      { name: "category", classes: [...data.classes.category] },
    ],
    channels: isReal ? [32, 64, 128] : [16, 32, 64],
    light: !options.plain,
    seed: options.seed,
  };
  return {
    first: { ...shared, steps: isReal ? 1500 : 600 },
    again: { ...shared, steps: isReal ? 800 : 300, ...(isReal ? {} : { learningRate: 0.0025 }) },
  };
}
