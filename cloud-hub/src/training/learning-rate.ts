import type { Recipe } from "./recipe.ts";

/** The learning rate of step 1, 2, …: a linear warm-up, then half a cosine down to 0 (Loshchilov and Hutter, 2017). */
export function learningRateAt(step: number, recipe: Pick<Recipe, "learningRate" | "warmUpSteps" | "steps">): number {
  const { learningRate, warmUpSteps, steps } = recipe;
  if (step <= warmUpSteps) return (learningRate * step) / warmUpSteps;
  const progress = (step - warmUpSteps) / Math.max(1, steps - warmUpSteps);
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
